import { Body } from '../body.ts';
import type { Condition } from '../condition.ts';
import type { Frame } from '../frame.ts';
import { parseCondition } from '../reading/parse-condition.ts';
import type { Parser, TagParser } from '../reading/parser.ts';
import type { TagToken } from '../reading/token.ts';

interface Branch {
  condition: Condition;
  body: Body;
}

const always: Condition = { holds: () => true };

export const ifTag: TagParser = (tag, parser) => branching(tag, parser, conditionOf(tag, parser));

/** The first condition is turned round, those of `elsif` are not. */
export const unless: TagParser = (tag, parser) => {
  const condition = conditionOf(tag, parser);
  return branching(tag, parser, { holds: (frame) => !condition.holds(frame) });
};

function conditionOf(tag: TagToken, parser: Parser): Condition {
  return parseCondition(parser.translate(tag.markup, 'condition'), parser.personal);
}

function branching(tag: TagToken, parser: Parser, condition: Condition) {
  const branches: Branch[] = [{ condition, body: new Body() }];
  const addBranch = (next: Condition): Body => {
    const body = new Body();
    branches.push({ condition: next, body });
    return body;
  };
  parser.parseBlock(tag.name, branches[0]?.body ?? new Body(), (part) => {
    if (part.name === 'else') return addBranch(always);
    return part.name === 'elsif' ? addBranch(conditionOf(part, parser)) : null;
  });
  const isSilent = branches.every(({ body }) => body.isSilent);
  if (isSilent) for (const { body } of branches) body.dropTexts();
  return { isSilent, render: (frame: Frame) => renderFirst(branches, frame) };
}

function renderFirst(branches: readonly Branch[], frame: Frame): void {
  branches.find(({ condition }) => condition.holds(frame))?.body.render(frame);
}

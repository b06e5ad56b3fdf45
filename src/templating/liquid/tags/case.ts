import { Body } from '../body.ts';
import type { Condition } from '../condition.ts';
import { TemplateSyntaxError } from '../errors.ts';
import type { Expression } from '../expression.ts';
import type { Frame } from '../frame.ts';
import { Markup } from '../reading/markup.ts';
import { equalTo } from '../reading/parse-condition.ts';
import { parseExpression } from '../reading/parse-expression.ts';
import type { Parser, TagParser } from '../reading/parser.ts';
import type { TagToken } from '../reading/token.ts';
import { isBlankText, isSpace } from '../values/text.ts';

/** One value of a `when`, with the body of that `when`; `else` has no condition. */
interface Choice {
  condition: Condition | null;
  body: Body;
}

export const caseTag: TagParser = (tag, parser) => {
  const subject = subjectOf(tag, parser);
  const beforeFirst = new Body();
  const choices: Choice[] = [];
  const bodies: Body[] = [];
  parser.parseBlock('case', beforeFirst, (part) => {
    const body = new Body();
    const conditions =
      part.name === 'when' ? conditionsOf(part, subject, parser) : part.name === 'else' ? [elseOf(part)] : null;
    if (conditions === null) return null;
    bodies.push(body);
    choices.push(...conditions.map((condition) => ({ condition, body })));
    return body;
  });
  const isSilent = beforeFirst.isSilent && bodies.every((body) => body.isSilent);
  if (isSilent) for (const body of bodies) body.dropTexts();
  return { isSilent, render: (frame) => renderChosen(choices, frame) };
};

function subjectOf(tag: TagToken, parser: Parser): Expression {
  const markup = new Markup(parser.translate(tag.markup, 'operand'));
  const start = markup.nextFragment(0);
  if (start === markup.length) throw new TemplateSyntaxError('tag case: expected a value');
  return parseExpression(markup.slice(start, markup.fragmentEnd(start)), parser.personal);
}

function elseOf({ markup }: TagToken): null {
  if (!isBlankText(markup)) throw new TemplateSyntaxError('tag else of case takes no arguments');
  return null;
}

/** `when 1, 2 or 3` */
function conditionsOf(tag: TagToken, subject: Expression, parser: Parser): Condition[] {
  const markup = new Markup(parser.translate(tag.markup, 'operand'));
  const conditions: Condition[] = [];
  for (let at = markup.nextFragment(0); ; ) {
    if (at === markup.length) throw new TemplateSyntaxError('tag when: expected values, separated by commas or by or');
    const end = markup.fragmentEnd(at);
    conditions.push(equalTo(subject, markup.slice(at, end), parser.personal));
    const next = separatorEnd(markup, end);
    if (next === end || markup.fragmentEnd(next) === next) return conditions;
    at = next;
  }
}

/** The end of a comma, or of an `or` between blanks, with the blanks around it. */
function separatorEnd(markup: Markup, from: number): number {
  const at = markup.skipSpace(from);
  if (markup.text[at] === ',') return markup.skipSpace(at + 1);
  const isOr = at > from && markup.text.startsWith('or', at) && isSpace(markup.code(at + 2));
  return isOr ? markup.skipSpace(at + 2) : from;
}

/** Every value that is equal prints its body; `else` does if none before it was. */
function renderChosen(choices: readonly Choice[], frame: Frame): void {
  let isChosen = false;
  for (const { condition, body } of choices) {
    if (condition === null ? isChosen : !condition.holds(frame)) continue;
    isChosen ||= condition !== null;
    body.render(frame);
  }
}

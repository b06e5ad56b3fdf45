import { TemplateSyntaxError } from '../errors.ts';
import { type Expression, Literal, nilLiteral } from '../expression.ts';
import type { Frame } from '../frame.ts';
import { Markup } from '../reading/markup.ts';
import { parseExpression } from '../reading/parse-expression.ts';
import type { Parser, TagParser } from '../reading/parser.ts';
import { identityOf } from '../values/compare.ts';
import { inspect, toOutput } from '../values/show.ts';

/** `name: one, two` or `one, two`: prints its values in turn. */
export const cycle: TagParser = (tag, parser) => {
  const markup = new Markup(parser.translate(tag.markup, 'piped'));
  const name = readName(markup);
  const values = valuesOf(markup.slice(name === null ? 0 : name.colon + 1), parser);
  const named = name === null ? null : parseExpression(name.text, parser.personal);
  const keyOf = named === null ? ownKey(values) : (frame: Frame) => identityOf(named.evaluate(frame), frame.budget);
  return { isSilent: false, render: (frame) => renderNext(values, keyOf(frame), frame) };
};

/** The longest run, or text in quotes, that a colon follows. */
function readName(markup: Markup): { text: string; colon: number } | null {
  const end = markup.fragmentEnd(0);
  if (end === 0) throw new TemplateSyntaxError('tag cycle: expected values, separated by commas');
  const next = markup.skipSpace(end);
  if (markup.text[next] === ':') return { text: markup.slice(0, end), colon: next };
  const colon = markup.quotedEnd(0) > 0 ? -1 : lastColon(markup, end);
  return colon > 0 ? { text: markup.slice(0, colon), colon } : null;
}

/** Outside of quotes. */
function lastColon(markup: Markup, end: number): number {
  let found = -1;
  for (let at = 0; at < end; at = Math.max(at + 1, markup.quotedEnd(at))) if (markup.text[at] === ':') found = at;
  return found;
}

function valuesOf(text: string, parser: Parser): Expression[] {
  return text.split(',').flatMap((part) => {
    const markup = new Markup(part);
    const start = markup.nextFragment(0);
    if (start === markup.length) return [];
    const value = parseExpression(markup.slice(start, markup.fragmentEnd(start)), parser.personal);
    return value === nilLiteral ? [] : [value];
  });
}

/** Cycles of the same literals are one; one that looks something up is its own. */
function ownKey(values: readonly Expression[]): (frame: Frame) => unknown {
  if (values.every((value) => value instanceof Literal)) {
    const literals = values.map((value) => value.value);
    return ({ budget }) => identityOf(inspect(literals, budget), budget);
  }
  return () => values;
}

function renderNext(values: readonly Expression[], key: unknown, frame: Frame): void {
  const turn = frame.cycles.get(key) ?? 0;
  const value = (values[turn] ?? nilLiteral).evaluate(frame);
  frame.write(toOutput(value, frame.budget));
  frame.cycles.set(key, turn + 1 >= values.length ? 0 : turn + 1);
}

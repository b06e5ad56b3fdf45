import { type Expression, Literal, nilLiteral, type Personal } from '../expression.ts';
import { Lookup, type Step } from '../lookup.ts';
import { noRange, rangeOf } from '../range.ts';
import { readInteger } from '../values/numbers.ts';
import { strip } from '../values/text.ts';
import { float } from '../values/values.ts';
import { isNamePart, MARK } from './markup.ts';

const words: ReadonlyMap<string, Literal> = new Map([
  ['', nilLiteral],
  ['nil', nilLiteral],
  ['null', nilLiteral],
  ['true', new Literal(true)],
  ['false', new Literal(false)],
  ['blank', new Literal('')],
  ['empty', new Literal('')],
]);

/** A literal, a range, or what a variable is looked up by. Whatever else it may be is taken for a name. */
export function parseExpression(markup: string, personal: Personal): Expression {
  const text = strip(markup);
  const first = text[0];
  if ((first === '"' || first === "'") && text.endsWith(first)) return new Literal(text.slice(1, -1));
  return words.get(text) ?? parseNumber(text) ?? parseRange(text, personal) ?? parseLookup(text, personal);
}

function parseNumber(text: string): Literal | null {
  if (!/^-?\d[\d.]*$/.test(text)) return null;
  if (!text.includes('.')) return new Literal(readInteger(text));
  // Of 1.2.3 the number is 1.2.
  return new Literal(float(Number.parseFloat(text)));
}

const range = /^\([ \t-\r]*(?=((\S+)[ \t-\r]*\.\.))\1[ \t-\r]*(\S+)[ \t-\r]*\)$/;

function parseRange(text: string, personal: Personal): Expression | null {
  if (!text.startsWith('(')) return null;
  const match = range.exec(text);
  if (match === null) return null;
  const [first, last] = [match[2] ?? '', match[3] ?? ''];
  if (first.startsWith('(') || last.startsWith('(')) throw noRange();
  return rangeOf(parseExpression(first, personal), parseExpression(last, personal));
}

/** The parts of `a.b[c]`; what is between them is passed over. */
function stepsOf(text: string, personal: Personal): Step[] {
  const steps: Step[] = [];
  let closing = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === '[' && closing !== -1) {
      closing = text.indexOf(']', at + 1);
      if (closing > at + 1) steps.push(parseExpression(text.slice(at + 1, closing), personal));
      at = closing > at + 1 ? closing + 1 : at + 1;
    } else if (text[at] === MARK) {
      const end = text.indexOf(MARK, at + 1);
      steps.push(personal(Number(text.slice(at + 1, end))));
      at = end + 1;
    } else {
      const end = nameEnd(text, at);
      if (end > at) steps.push(text.slice(at, end));
      at = Math.max(end, at + 1);
    }
  }
  return steps;
}

function nameEnd(text: string, from: number): number {
  let at = from;
  while (text[at] !== MARK && isNamePart(text.charCodeAt(at))) at += 1;
  return at > from && text[at] === '?' ? at + 1 : at;
}

/** Not even a name. */
const nothing: Expression = { evaluate: () => null };

function parseLookup(text: string, personal: Personal): Expression {
  const [first, ...steps] = stepsOf(text, personal);
  if (first === undefined) return nothing;
  const isPersonal = text.startsWith(MARK);
  if (isPersonal && steps.length === 0 && typeof first !== 'string') return first;
  return new Lookup(first, steps, isPersonal);
}

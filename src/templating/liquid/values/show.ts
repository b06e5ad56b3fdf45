// Values as texts, as Ruby prints them.
import type { Budget } from '../budget.ts';
import { LiquidError, MAX_DEPTH } from '../errors.ts';
import { TextBuilder } from './text.ts';
import { isHash, isNil, LiquidObject, showFloat, showInteger, type Value } from './values.ts';

/** The text of a value where a text is wanted: lists and records look like source code. */
export function toText(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  return showPlain(value) ?? inspect(value, budget);
}

/** The text of a value in the output: the members of a list stand side by side. */
export function toOutput(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? joinList(value, '', budget) : toText(value, budget);
}

/** Lists within lists are joined too. */
export function joinList(list: readonly Value[], glue: string, budget: Budget): string {
  const builder = new TextBuilder(budget);
  appendList(list, glue, builder, budget, 0);
  return builder.toString();
}

function appendList(list: readonly Value[], glue: string, builder: TextBuilder, budget: Budget, depth: number): void {
  if (depth > MAX_DEPTH) throw new LiquidError('a list is nested too deeply');
  for (const [index, item] of list.entries()) {
    if (index > 0) builder.add(glue);
    if (Array.isArray(item)) appendList(item, glue, builder, budget, depth + 1);
    else builder.add(toText(item, budget));
  }
}

/** Null for lists and records. */
function showPlain(value: Value): string | null {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? showInteger(value) : showFloat(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      if (isNil(value)) return '';
      return value instanceof LiquidObject ? value.toString() : null;
  }
}

/** `{"a"=>[1, nil]}` */
export function inspect(value: Value, budget: Budget): string {
  const builder = new TextBuilder(budget);
  appendInspected(value, builder, 0);
  return builder.toString();
}

function appendInspected(value: Value, builder: TextBuilder, depth: number): void {
  if (depth > MAX_DEPTH) throw new LiquidError('a value is nested too deeply');
  if (typeof value === 'string') builder.add(quote(value));
  else if (isNil(value)) builder.add('nil');
  else if (Array.isArray(value))
    builder.addAll('[', value, ']', ', ', (item) => appendInspected(item, builder, depth + 1));
  else if (isHash(value)) {
    builder.addAll('{', Object.entries(value), '}', ', ', ([key, member]) => {
      builder.add(`${quote(key)}=>`);
      appendInspected(member, builder, depth + 1);
    });
  } else builder.add(showPlain(value) ?? '');
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\f': '\\f',
  '\v': '\\v',
  '\b': '\\b',
  '\x07': '\\a',
  '\x1b': '\\e',
};

/** What stands for something else between double quotes, and what cannot be seen. */
const unquotable = /["\\]|#(?=[{$@])|(?!\u0085)[\p{Cc}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu;

function quote(text: string): string {
  return `"${text.replace(unquotable, (character) => escapes[character] ?? escapeOf(character))}"`;
}

function escapeOf(character: string): string {
  if (character === '#') return '\\#';
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}

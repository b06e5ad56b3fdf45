import { Needle } from '../../../lib/needle.ts';
import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { TextBuilder } from '../values/text.ts';

/** Every occurrence of `pattern`; an empty one stands before each character and at the end. */
export function replaceAll(text: string, pattern: string, replacement: string, budget: Budget): string {
  const needle = new Needle(pattern);
  const builder = new TextBuilder(budget);
  let from = 0;
  for (let at = needle.indexIn(text); at !== -1; at = nextAfter(needle, text, at)) {
    builder.add(text.slice(from, at));
    appendReplacement(builder, replacement, text, at, pattern.length);
    from = at + pattern.length;
  }
  builder.add(text.slice(from));
  return builder.toString();
}

/** Empty matches stand one character apart. */
function nextAfter(needle: Needle, text: string, at: number): number {
  if (needle.text !== '') return needle.indexIn(text, at + needle.text.length);
  if (at >= text.length) return -1;
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

export function replaceFirst(text: string, pattern: string, replacement: string, budget: Budget): string {
  budget.work(text.length);
  const at = new Needle(pattern).indexIn(text);
  if (at === -1) return text;
  const builder = new TextBuilder(budget);
  builder.add(text.slice(0, at));
  appendReplacement(builder, replacement, text, at, pattern.length);
  builder.add(text.slice(at + pattern.length));
  return builder.toString();
}

/** Here a backslash in the replacement is one. */
export function replaceLast(text: string, pattern: string, replacement: string, budget: Budget): string {
  const at = lastIndex(text, pattern, budget);
  if (at === -1) return text;
  budget.text(text.length + replacement.length);
  return text.slice(0, at) + replacement + text.slice(at + pattern.length);
}

/** Both are turned round, so that the search is the linear one. */
function lastIndex(text: string, pattern: string, budget: Budget): number {
  budget.text(2 * (text.length + pattern.length));
  const at = new Needle(turned(pattern)).indexIn(turned(text));
  return at === -1 ? -1 : text.length - at - pattern.length;
}

function turned(text: string): string {
  return text.split('').reverse().join('');
}

/**
 * A backslash in a replacement stands for a part of the text: `\0` and `\&` what was found, `` \` `` what is before it,
 * `\'` what is behind it, `\\` a backslash. Groups (`\1`) are empty. As in Ruby's String#gsub.
 */
function appendReplacement(builder: TextBuilder, replacement: string, text: string, at: number, length: number): void {
  let from = 0;
  for (let slash = replacement.indexOf('\\'); slash !== -1; slash = replacement.indexOf('\\', from)) {
    const part = partFor(replacement[slash + 1] ?? '', text, at, length);
    builder.add(replacement.slice(from, part === null ? slash + 1 : slash));
    if (part !== null) builder.add(part);
    from = part === null ? slash + 1 : slash + 2;
    if (part === null && replacement.startsWith('k<', from) && replacement.includes('>', from))
      throw new LiquidError('replace: the replacement names a group');
  }
  builder.add(replacement.slice(from));
}

/** Null: the backslash stands for itself. */
function partFor(letter: string, text: string, at: number, length: number): string | null {
  if (letter === '0' || letter === '&') return text.slice(at, at + length);
  if (letter === '`') return text.slice(0, at);
  if (letter === "'") return text.slice(at + length);
  if (letter === '\\') return '\\';
  return /^[1-9]$/.test(letter) ? '' : null;
}

// Texts are characters (code points), not the halves of pairs that JavaScript counts.
import type { Budget } from '../budget.ts';

const surrogate = /[\ud800-\udfff]/;

/** Whether the text has characters that take two places, so that JavaScript's own positions are wrong. */
function hasPairs(text: string): boolean {
  return surrogate.test(text);
}

export function countCharacters(text: string): number {
  if (!hasPairs(text)) return text.length;
  let count = 0;
  for (let at = 0; at < text.length; at += widthAt(text, at)) count += 1;
  return count;
}

export function characters(text: string): string[] {
  return hasPairs(text) ? Array.from(text) : text.split('');
}

/** `count` characters from the `start`th on; fewer at the end. */
export function sliceCharacters(text: string, start: number, count: number): string {
  if (!hasPairs(text)) return text.slice(start, start + count);
  const from = advance(text, 0, start);
  return text.slice(from, advance(text, from, count));
}

function advance(text: string, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0 && at < text.length; left -= 1) at += widthAt(text, at);
  return at;
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Order by code points, as by the bytes of UTF-8. */
export function compareTexts(one: string, other: string): number {
  if (one === other) return 0;
  if (!hasPairs(one) && !hasPairs(other)) return one < other ? -1 : 1;
  let at = 0;
  while (at < one.length && at < other.length && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  return inCodePointOrder(one.charCodeAt(at)) - inCodePointOrder(other.charCodeAt(at));
}

/** Halves of pairs stand for what is above U+FFFF; the end of a text (NaN) comes first. */
function inCodePointOrder(unit: number): number {
  if (Number.isNaN(unit)) return -1;
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** Also the character 0, as Ruby has it. */
function isStripped(code: number): boolean {
  return code === 0 || isSpace(code);
}

export function stripStart(text: string): string {
  let at = 0;
  while (at < text.length && isStripped(text.charCodeAt(at))) at += 1;
  return at === 0 ? text : text.slice(at);
}

export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isStripped(text.charCodeAt(end - 1))) end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

export function strip(text: string): string {
  return stripEnd(stripStart(text));
}

/** Nothing but ASCII blanks. */
export function isBlankText(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (!isSpace(text.charCodeAt(at))) return false;
  return true;
}

/** Collects the parts of a text, each charged before it is kept. */
export class TextBuilder {
  readonly #budget: Budget;
  readonly #parts: string[] = [];
  #length = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(part: string): void {
    if (part === '') return;
    this.#length += part.length;
    this.#budget.text(part.length);
    this.#parts.push(part);
  }

  /** Members between brackets, with commas. */
  addAll<T>(open: string, members: readonly T[], close: string, comma: string, add: (member: T) => void): void {
    this.add(open);
    for (const [index, member] of members.entries()) {
      if (index > 0) this.add(comma);
      add(member);
    }
    this.add(close);
  }

  /** Charges the whole once more: it is put together here. */
  toString(): string {
    this.#budget.text(this.#length);
    return this.#parts.join('');
  }
}

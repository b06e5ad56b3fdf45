import { MAX_DEPTH, TemplateSyntaxError } from '../liquid/errors.ts';
import { isWord, type Markup } from '../liquid/reading/markup.ts';
import type { MarkupKind } from '../liquid/reading/parser.ts';
import { strip } from '../liquid/values/text.ts';

/** A `${name}` of a template, with the name space before it, if any: `custom_attribute.${zip code}`. */
export interface Reference {
  space: string | null;
  name: string;
  /** `[0]` follows, which of an object means the object itself. */
  isIndexed: boolean;
}

/** Gives what stands in markup in the place of something personal. */
export interface Places {
  reference(reference: Reference): string;
  /** `markup`: an output with filters, translated already. */
  piped(markup: string): string;
}

/** What was read between two braces so far. */
interface Level {
  parts: string[];
  /** Where the text begins that is kept as it is. */
  plain: number;
  hasFilters: boolean;
}

/** Markup that is read once, from left to right; what is of the dialect in it is replaced. */
export class Passage {
  readonly #markup: Markup;
  readonly #kind: MarkupKind;
  readonly #places: Places;
  #at = 0;

  constructor(markup: Markup, kind: MarkupKind, places: Places) {
    this.#markup = markup;
    this.#kind = kind;
    this.#places = places;
  }

  /** Up to the `}}` that ends an inner output, or to the end of the whole (depth 0). Throws TemplateSyntaxError. */
  read(depth: number): string {
    if (depth > MAX_DEPTH) throw new TemplateSyntaxError(`braces nested more than ${MAX_DEPTH} deep`);
    const level: Level = { parts: [], plain: this.#at, hasFilters: false };
    while (this.#at < this.#markup.length) {
      if (depth > 0 && this.#starts('}}')) return this.#close(level);
      if (!this.#replace(level, depth)) this.#pass(level);
    }
    if (depth > 0) throw new TemplateSyntaxError('{{ is not closed');
    this.#put(level, this.#at, '');
    return level.parts.join('');
  }

  /** False where nothing of the dialect stands. */
  #replace(level: Level, depth: number): boolean {
    const at = this.#at;
    if (this.#starts('${')) {
      const space = this.#spaceBefore(level.plain);
      this.#put(level, at - (space === null ? 0 : space.length + 1), this.#readReference(space));
    } else if (this.#starts('{{')) {
      this.#at += 2;
      this.#put(level, at, this.#apart(this.read(depth + 1)));
    } else if (this.#kind === 'condition' && (this.#starts('&&') || this.#starts('||'))) {
      const word = this.#starts('&&') ? ' and ' : ' or ';
      this.#at += 2;
      this.#put(level, at, word);
    } else return false;
    return true;
  }

  /** The text up to `end` as it is, then another; from here on it is kept again. */
  #put(level: Level, end: number, text: string): void {
    level.parts.push(this.#markup.slice(level.plain, end), text);
    level.plain = this.#at;
  }

  /** Over a text in quotes, in which nothing is replaced, or over one character. */
  #pass(level: Level): void {
    level.hasFilters ||= this.#starts('|');
    this.#at = Math.max(this.#at + 1, this.#markup.quotedEnd(this.#at));
  }

  #close(level: Level): string {
    const end = this.#at;
    this.#at += 2;
    this.#put(level, end, '');
    const inner = strip(level.parts.join('').replace(/^-/, '').replace(/-$/, ''));
    return level.hasFilters ? this.#places.piped(inner) : inner;
  }

  #starts(text: string): boolean {
    return this.#markup.text.startsWith(text, this.#at);
  }

  /** The word before `.${`. */
  #spaceBefore(from: number): string | null {
    if (this.#markup.text[this.#at - 1] !== '.') return null;
    let start = this.#at - 1;
    while (start > from && isWord(this.#markup.code(start - 1))) start -= 1;
    const space = this.#markup.slice(start, this.#at - 1);
    return /^[A-Za-z_]/.test(space) ? space : null;
  }

  #readReference(space: string | null): string {
    const end = this.#markup.text.indexOf('}', this.#at);
    if (end === -1) throw new TemplateSyntaxError('${ is not closed');
    const name = this.#markup.slice(this.#at + 2, end).trim();
    const index = this.#zeroIndexEnd(end + 1);
    this.#at = index ?? end + 1;
    return this.#apart(this.#places.reference({ space, name, isIndexed: index !== null }));
  }

  /** The end of a `[0]` that stands here; null if there is none. */
  #zeroIndexEnd(from: number): number | null {
    const open = this.#markup.skipSpace(from);
    const zero = this.#markup.skipSpace(open + 1);
    const close = this.#markup.skipSpace(zero + 1);
    const { text } = this.#markup;
    return text[open] === '[' && text[zero] === '0' && text[close] === ']' ? close + 1 : null;
  }

  /** What was in braces is not part of a word behind it. */
  #apart(text: string): string {
    const next = this.#markup.text[this.#at] ?? ' ';
    return /[\s.,|:()[\]]/.test(next) ? text : `${text} `;
  }
}

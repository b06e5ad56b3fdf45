import { isSpace } from '../values/text.ts';

/**
 * Stands on both sides of the number of a personal expression (`${first_name}`) in markup. Unicode keeps this
 * character for uses within one program; templates may not have it in tags.
 */
export const MARK = '\ufdd0';
const MARK_CODE = 0xfdd0;

export function isWord(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}

/** Letters, digits, `_`, `-`: what names of variables are made of. */
export function isNamePart(code: number): boolean {
  return isWord(code) || code === 45 || code === MARK_CODE;
}

const SINGLE = 39;
const DOUBLE = 34;
const COMMA = 44;
const BAR = 124;

/**
 * What stands between the braces of a tag, read from left to right. Every method takes time that grows with what it
 * passes over, so that reading a whole tag is linear.
 *
 * A fragment is a text in quotes, or a run without blanks, commas, bars and quotes in which texts in quotes may stand.
 */
export class Markup {
  readonly text: string;
  #lastSingle: number | null = null;
  #lastDouble: number | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get length(): number {
    return this.text.length;
  }

  code(at: number): number {
    return this.text.charCodeAt(at);
  }

  skipSpace(from: number): number {
    let at = from;
    while (isSpace(this.code(at))) at += 1;
    return at;
  }

  wordEnd(from: number): number {
    let at = from;
    while (isWord(this.code(at))) at += 1;
    return at;
  }

  /** The end of the text in quotes that begins here; `from` itself if none does, or it is not closed. */
  quotedEnd(from: number): number {
    const code = this.code(from);
    if (code !== SINGLE && code !== DOUBLE) return from;
    if (from >= this.#lastOf(code)) return from;
    return this.text.indexOf(code === SINGLE ? "'" : '"', from + 1) + 1;
  }

  #lastOf(quote: number): number {
    if (quote === SINGLE) {
      this.#lastSingle ??= this.text.lastIndexOf("'");
      return this.#lastSingle;
    }
    this.#lastDouble ??= this.text.lastIndexOf('"');
    return this.#lastDouble;
  }

  /** The end of a run; `from` itself where there is none. */
  runEnd(from: number): number {
    let at = from;
    while (at < this.length) {
      const code = this.code(at);
      if (code === SINGLE || code === DOUBLE) {
        const end = this.quotedEnd(at);
        if (end === at) return at;
        at = end;
      } else if (isSpace(code) || code === COMMA || code === BAR) return at;
      else at += 1;
    }
    return at;
  }

  /** The end of the fragment that begins here; `from` itself if none does. */
  fragmentEnd(from: number): number {
    const quoted = this.quotedEnd(from);
    return quoted > from ? quoted : this.runEnd(from);
  }

  /** Where the first fragment at or after `from` begins; the end of the text if there is none. */
  nextFragment(from: number): number {
    let at = from;
    while (at < this.length && this.fragmentEnd(at) === at) at += 1;
    return at;
  }

  slice(from: number, to?: number): string {
    return this.text.slice(from, to);
  }
}

/** A string or template of a TypeScript file. */
export interface Text {
  /** Offset of its first character in the file. */
  at: number;
  /** The text as written. Each `${…}` is replaced by as many HOLEs, so that offsets and line breaks are those of the file. */
  text: string;
  /** True for a template of the `sql` tag. */
  isSql: boolean;
}

export const HOLE = '\u0000';

/** Finds every string and template of a file, also those within `${…}`. Skips comments and regular expressions. */
export function textsOf(source: string): Text[] {
  const reader = new Reader(source);
  reader.readCode();
  return reader.texts;
}

/** A word or character after which `/` begins a regular expression. */
const beforePattern = /(?:^|[-(,=:[!&|?{};+*%~^<>]|\b(?:return|typeof|case|of|in|do|else))\s*$/;

class Reader {
  readonly texts: Text[] = [];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Reads until the `}` that closes the code of a template, or until the end. */
  readCode(): void {
    for (let depth = 0; this.#at < this.#source.length; ) {
      const char = this.#source[this.#at];
      if (char === '}' && depth === 0) return;
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      if (char === '`') this.#readTemplate();
      else if (char === "'" || char === '"') this.#readString(char);
      else if (char === '/') this.#readSlash();
      else this.#at += 1;
    }
  }

  #readTemplate(): void {
    const at = this.#at + 1;
    const isSql = /\bsql$/.test(this.#source.slice(Math.max(0, this.#at - 4), this.#at));
    let text = '';
    for (this.#at = at; this.#at < this.#source.length && this.#source[this.#at] !== '`'; ) {
      const from = this.#at;
      if (this.#source.startsWith('${', from)) {
        this.#at += 2;
        this.readCode();
        this.#at += 1;
        text += this.#source.slice(from, this.#at).replace(/[^\n]/g, HOLE);
      } else {
        this.#at += this.#source[from] === '\\' ? 2 : 1;
        text += this.#source.slice(from, this.#at);
      }
    }
    this.#at += 1;
    this.texts.push({ at, text, isSql });
  }

  #readString(quote: string): void {
    const at = this.#at + 1;
    const length = this.#lengthUntil(quote, at);
    this.texts.push({ at, text: this.#source.slice(at, at + length), isSql: false });
    this.#at = at + length + 1;
  }

  /** Reads a comment, a regular expression, or a division. */
  #readSlash(): void {
    const rest = this.#source.slice(this.#at);
    const comment = /^(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest)?.[0];
    const before = this.#source.slice(Math.max(0, this.#at - 40), this.#at);
    const pattern = beforePattern.test(before)
      ? /^\/(?:\[(?:\\.|[^\]\n])*\]|\\.|[^/[\n])+\//.exec(rest)?.[0]
      : undefined;
    this.#at += (comment ?? pattern ?? '/').length;
  }

  /** Reads up to an unescaped `end` on the same line. */
  #lengthUntil(end: string, from: number): number {
    for (let at = from; at < this.#source.length; at += 1) {
      if (this.#source[at] === '\\') at += 1;
      else if (this.#source[at] === end || this.#source[at] === '\n') return at - from;
    }
    return this.#source.length - from;
  }
}

/** The place of a character in a text. Both numbers begin at 1. */
export interface Place {
  line: number;
  column: number;
}

/**
 * Where a text stops being JSON: the first character that cannot continue it, or the end. null: it is JSON. The parser's own
 * messages do not always say the place, and quote the text.
 */
export function findJsonError(text: string): Place | null {
  const at = new Scanner(text).run();
  return at === null ? null : placeOf(text, at);
}

function placeOf(text: string, at: number): Place {
  let line = 1;
  let begin = 0;
  for (let offset = 0; offset < at; offset += 1) {
    const isEnd = text[offset] === '\n' || (text[offset] === '\r' && text[offset + 1] !== '\n');
    if (!isEnd) continue;
    line += 1;
    begin = offset + 1;
  }
  return { line, column: at - begin + 1 };
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'more';

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const blanks = /[ \t\n\r]*/y;
const hex = /^[\da-fA-F]$/;

/** Reads a text once, without building a value. */
class Scanner {
  readonly #text: string;
  readonly #open: ('{' | '[')[] = [];
  #at = 0;
  #expected: Expected = 'value';

  constructor(text: string) {
    this.#text = text;
  }

  /** The offset of the first error. null: there is none. */
  run(): number | null {
    for (;;) {
      this.#skip(blanks);
      if (this.#at === this.#text.length) return this.#isWhole ? null : this.#at;
      if (!this.#step(this.#text[this.#at] ?? '')) return this.#at;
    }
  }

  get #isWhole(): boolean {
    return this.#expected === 'more' && this.#open.length === 0;
  }

  /** False: the text cannot go on with what stands here. */
  #step(char: string): boolean {
    switch (this.#expected) {
      case 'value':
      case 'value or ]':
        return this.#value(char);
      case 'key':
      case 'key or }':
        if (char === '}' && this.#expected === 'key or }') return this.#close();
        this.#expected = 'colon';
        return char === '"' && this.#string();
      case 'colon':
        this.#expected = 'value';
        return char === ':' && this.#next();
      case 'more':
        return this.#more(char);
    }
  }

  #value(char: string): boolean {
    if (char === ']' && this.#expected === 'value or ]') return this.#close();
    if (char === '{' || char === '[') {
      this.#open.push(char);
      this.#expected = char === '{' ? 'key or }' : 'value or ]';
      return this.#next();
    }
    this.#expected = 'more';
    return char === '"' ? this.#string() : this.#skip(literal);
  }

  #more(char: string): boolean {
    const open = this.#open.at(-1);
    if (open === undefined) return false;
    if (char === (open === '{' ? '}' : ']')) return this.#close();
    this.#expected = open === '{' ? 'key' : 'value';
    return char === ',' && this.#next();
  }

  #close(): boolean {
    this.#open.pop();
    this.#expected = 'more';
    return this.#next();
  }

  #next(): boolean {
    this.#at += 1;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const isFound = pattern.test(this.#text);
    if (isFound) this.#at = pattern.lastIndex;
    return isFound;
  }

  #string(): boolean {
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at] ?? '';
      if (char === '"') return this.#next();
      if (char < ' ' || (char === '\\' && !this.#escape())) return false;
    }
    return false;
  }

  /** Moves to the last character of an escape. */
  #escape(): boolean {
    this.#at += 1;
    const char = this.#text[this.#at] ?? '';
    if (char !== 'u') return char !== '' && '"\\/bfnrt'.includes(char);
    for (let digits = 0; digits < 4; digits += 1) {
      this.#at += 1;
      if (!hex.test(this.#text[this.#at] ?? '')) return false;
    }
    return true;
  }
}

import { SyntaxErrorAt, type TemplateSyntaxError } from '../liquid/errors.ts';
import type { Token } from '../liquid/reading/token.ts';
import { findOutputEnd } from './output-end.ts';
import { endOfComment, endOfRaw, type Span } from './verbatim.ts';

/**
 * A template cut into texts, outputs and tags, in one pass. A tag ends at the first `%}`, as in Liquid; an output at
 * the braces that belong to it, since outputs may stand in outputs here. Throws TemplateSyntaxError.
 * Source: personalization.md §2.
 */
export function tokenize(template: string): Token[] {
  return new Tokenizer(template).tokenize();
}

/** Texts between tags count too. */
const MAX_TOKENS = 200_000;

const TAG = /\{%-?[ \t-\r]*(#|\w+)[ \t-\r]*/y;

class Tokenizer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  tokenize(): Token[] {
    while (this.#at < this.#text.length) {
      const next = this.#nextOpening();
      if (next > this.#at) this.#tokens.push({ kind: 'text', text: this.#text.slice(this.#at, next), at: this.#at });
      this.#at = next;
      if (this.#tokens.length > MAX_TOKENS) throw this.#fail(`more than ${MAX_TOKENS} tags`);
      if (this.#text.startsWith('{{', next)) this.#output();
      else if (next < this.#text.length) this.#tag();
    }
    return this.#tokens;
  }

  #nextOpening(): number {
    for (let at = this.#text.indexOf('{', this.#at); at !== -1; at = this.#text.indexOf('{', at + 1))
      if (this.#text[at + 1] === '{' || this.#text[at + 1] === '%') return at;
    return this.#text.length;
  }

  #fail(reason: string): TemplateSyntaxError {
    return new SyntaxErrorAt(this.#text, this.#at, reason);
  }

  #output(): void {
    const start = this.#at + 2;
    if (this.#text[start] === '{') throw this.#fail('three braces');
    const end = findOutputEnd(this.#text, start);
    if (typeof end === 'string') throw this.#fail(end);
    const inner = this.#text.slice(start, end);
    this.#tokens.push({ kind: 'output', markup: withoutDashes(inner), ...this.#dashes(end + 2), at: this.#at });
    this.#at = end + 2;
  }

  #tag(): void {
    TAG.lastIndex = this.#at;
    const [opening = '', name] = TAG.exec(this.#text) ?? [];
    if (name === undefined) throw this.#fail('tag has no name');
    const start = this.#at + opening.length;
    const end = this.#text.indexOf('%}', start);
    if (end === -1) throw this.#fail('tag is not closed');
    const markup = withoutLastDash(this.#text.slice(start, end));
    if (name === 'raw' || name === 'comment') this.#verbatim(name, markup, end + 2);
    else {
      this.#tokens.push({ kind: 'tag', name, markup, ...this.#dashes(end + 2), at: this.#at });
      this.#at = end + 2;
    }
  }

  /** `inner`: where the opening tag ends. */
  #verbatim(name: 'raw' | 'comment', markup: string, inner: number): void {
    const closing = name === 'raw' ? endOfRaw(this.#text, inner) : endOfComment(this.#text, inner);
    if (closing === null) throw this.#fail(`tag ${name} is not closed`);
    if (name === 'raw' && markup !== '') throw this.#fail('tag raw takes no arguments');
    this.#tokens.push(name === 'raw' ? this.#raw(inner, closing) : this.#comment(closing));
    this.#at = closing.end;
  }

  /** A dash at the end of either tag drops the blanks behind the whole, not those within. */
  #raw(inner: number, closing: Span): Token {
    const { trimsBefore, trimsAfter } = this.#dashes(closing.end);
    const text = this.#text.slice(inner, closing.start);
    return { kind: 'raw', text, trimsBefore, trimsAfter: trimsAfter || this.#text[inner - 3] === '-', at: this.#at };
  }

  #comment(closing: Span): Token {
    return { kind: 'comment', ...this.#dashes(closing.end), at: this.#at };
  }

  /** Of the token that begins here and ends there. */
  #dashes(end: number): { trimsBefore: boolean; trimsAfter: boolean } {
    return { trimsBefore: this.#text[this.#at + 2] === '-', trimsAfter: this.#text[end - 3] === '-' };
  }
}

function withoutDashes(inner: string): string {
  return withoutLastDash(inner.startsWith('-') ? inner.slice(1) : inner);
}

function withoutLastDash(inner: string): string {
  return inner.endsWith('-') ? inner.slice(0, -1) : inner;
}

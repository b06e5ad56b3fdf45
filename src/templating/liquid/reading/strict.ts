import { checkDepth } from '../errors.ts';
import { type Kind, type Word, wordsOf } from './lexer.ts';
import { Markup } from './markup.ts';

/** An output read by the grammar. Null where it does not follow it, and is read as far as it goes (`lax.ts`). */
export interface Written {
  /** Null in an empty output. */
  expression: string | null;
  filters: { name: string; args: string[] }[];
}

/** `expression | filter: argument, key: argument | …` */
export function readStrictly(markup: string): Written | null {
  const words = wordsOf(new Markup(markup));
  return words === null ? null : new StrictReader(words).read();
}

/** Thrown and caught in this file only. */
class NotStrict extends Error {}

class StrictReader {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  read(): Written | null {
    try {
      return this.#output();
    } catch (error) {
      if (error instanceof NotStrict) return null;
      throw error;
    }
  }

  #output(): Written {
    const written: Written = { expression: null, filters: [] };
    if (this.#looksAt('end')) return written;
    written.expression = this.#expression(0);
    while (this.#takes('|')) written.filters.push(this.#filter());
    this.#take('end');
    return written;
  }

  #filter(): { name: string; args: string[] } {
    const name = this.#take('name');
    const args = this.#takes(':') ? [this.#argument()] : [];
    if (args.length > 0) while (this.#takes(',')) args.push(this.#argument());
    return { name, args };
  }

  #argument(): string {
    const hasKey = this.#looksAt('name') && this.#words[this.#at + 1]?.kind === ':';
    const key = hasKey ? `${this.#take('name')}${this.#take(':')} ` : '';
    return key + this.#expression(0);
  }

  /** Without the blanks that stood in it. */
  #expression(depth: number): string {
    checkDepth(depth);
    const { kind } = this.#word;
    if (kind === 'string' || kind === 'number') return this.#take(kind);
    if (kind === '(') return this.#range(depth);
    const parts = [kind === '[' ? this.#bracket(depth) : this.#take('name')];
    while (this.#looksAt('[') || this.#looksAt('.'))
      parts.push(this.#looksAt('[') ? this.#bracket(depth) : this.#take('.') + this.#take('name'));
    return parts.join('');
  }

  #range(depth: number): string {
    this.#take('(');
    const first = this.#expression(depth + 1);
    this.#take('range');
    const last = this.#expression(depth + 1);
    this.#take(')');
    return `(${first}..${last})`;
  }

  #bracket(depth: number): string {
    return this.#take('[') + this.#expression(depth + 1) + this.#take(']');
  }

  get #word(): Word {
    return this.#words[this.#at] ?? { kind: 'end', text: '' };
  }

  #looksAt(kind: Kind): boolean {
    return this.#word.kind === kind;
  }

  #takes(kind: Kind): boolean {
    if (!this.#looksAt(kind)) return false;
    this.#at += 1;
    return true;
  }

  #take(kind: Kind): string {
    const { kind: found, text } = this.#word;
    if (found !== kind) throw new NotStrict();
    this.#at += 1;
    return text;
  }
}

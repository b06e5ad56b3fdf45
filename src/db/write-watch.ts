import { type Trouble, troubleOf } from './trouble.ts';

export interface Refusal extends Trouble {
  since: Date;
}

export interface WriteWatchOptions {
  /** For so long nothing must have been refused before a write that succeeds means that it is over. */
  calmMs: number;
  /** Told when the database begins to refuse writes, when the reason changes, and with null when it is over. */
  onChange(refusal: Refusal | null): void;
}

const writes = /\b(insert into|update|delete from)\b/i;

/**
 * Whether a database that answers takes writes. Learnt from every statement: a disk that is full lets some through, which
 * find room in pages there are, so one that succeeds among others that fail does not count.
 */
export class WriteWatch {
  readonly #options: WriteWatchOptions;
  #refusal: Refusal | null = null;
  #lastMs = 0;

  constructor(options: WriteWatchOptions) {
    this.#options = options;
  }

  get refusal(): Refusal | null {
    return this.#refusal;
  }

  failed(error: unknown): void {
    const trouble = troubleOf(error);
    if (trouble === null || trouble.kind === 'unreachable') return;
    this.#lastMs = performance.now();
    if (this.#refusal?.kind === trouble.kind) return;
    this.#refusal = { ...trouble, since: this.#refusal?.since ?? new Date() };
    this.#options.onChange(this.#refusal);
  }

  succeeded(statement: string): void {
    if (this.#refusal === null || performance.now() - this.#lastMs < this.#options.calmMs) return;
    if (!writes.test(statement)) return;
    this.#refusal = null;
    this.#options.onChange(null);
  }
}

import type { ContentAnswer } from '../templating/content/reader.ts';
import { jsonOf } from '../templating/filters/json.ts';
import type { Budget } from '../templating/liquid/budget.ts';
import { isHash, type Value } from '../templating/liquid/values/values.ts';

/** Stands for the status of a call that was not made, because the host fails too often. Source: personalization.md §8. */
export const NOT_CALLED = 598;
/** Stands for the status of a call that nobody answered. */
export const NO_ANSWER = 599;

/** The member of a JSON object that holds the status. */
const STATUS_KEY = '__http_status_code__';
/** Memory of a parsed value for each mark of JSON that begins or separates one, in bytes. */
const MARK_BYTES = 32;
const OVERHEAD_BYTES = 500;

/** What a `Fetched` is made of. It may be sent to another thread. */
export interface PlainFetched {
  status: number;
  text: string | null;
  isJson: boolean;
  failure: string | null;
  ms: number;
}

/** The outcome of one call. It may be shared by many messages; what it holds is never changed. */
export class Fetched implements ContentAnswer {
  readonly status: number;
  readonly text: string | null;
  /** Why there is no good answer, in words that show nothing of the URL but its host. null: there is one. */
  readonly failure: string | null;
  /** How long it took from the moment when it had a place among our calls, in milliseconds. */
  readonly ms: number;
  readonly #isJson: boolean;
  #sizeBytes: number | null = null;
  #parsed: { value: Value | undefined } | null = null;

  constructor(fetched: PlainFetched) {
    this.status = fetched.status;
    this.text = fetched.text;
    this.failure = fetched.failure;
    this.ms = fetched.ms;
    this.#isJson = fetched.isJson;
  }

  get plain(): PlainFetched {
    const { status, text, failure, ms } = this;
    return { status, text, isJson: this.#isJson, failure, ms };
  }

  /** Whether another call may bring what this one did not. */
  get mayComeLater(): boolean {
    return this.status >= 500;
  }

  /** About how much memory it takes once it is parsed. */
  get sizeBytes(): number {
    this.#sizeBytes ??= OVERHEAD_BYTES + sizeOf(this.text ?? '');
    return this.#sizeBytes;
  }

  json(budget: Budget): Value | undefined {
    if (this.text === null || !this.#isJson) return undefined;
    // Every message pays for it, so that none is refused or not by who came first.
    this.#parsed ??= { value: withStatus(jsonOf(this.text, budget), this.status) };
    budget.list(2 * this.text.length);
    return this.#parsed.value;
  }
}

function withStatus(value: Value | undefined, status: number): Value | undefined {
  return isHash(value) ? { ...value, [STATUS_KEY]: status } : value;
}

function sizeOf(text: string): number {
  let marks = 0;
  for (let at = 0; at < text.length; at += 1) if (isMark(text.charCodeAt(at))) marks += 1;
  return 2 * text.length + MARK_BYTES * marks;
}

/** `,`, `:`, `[`, `{` */
function isMark(code: number): boolean {
  return code === 44 || code === 58 || code === 91 || code === 123;
}

/**
 * Whether a body is JSON: by its type, or, where the type does not say so, by how it begins. A plain text such as `42` stays
 * a text.
 */
export function isJsonBody(type: string | undefined, text: string): boolean {
  return /^\s*application\/(?:[\w.-]+\+)?json\b/i.test(type ?? '') || /^\s*[[{]/.test(text);
}

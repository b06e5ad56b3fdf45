import type { Difference } from './differences.ts';

/** Why a request was not compared, or only by its status. */
export const notComparedReasons = {
  not_repeated: 'writes definitions or has an effect of its own, so it is not repeated here',
  unknown_to_both: 'no such endpoint, there and here',
  upstream_unreachable: 'no connection to the original; the caller got 502',
  upstream_failed: 'the original broke off; whether it acted on the request is unknown',
  caller_left: 'the caller did not wait for the end of the answer',
  refused_there: 'the original refused the key (401, 403) or the rate (429)',
  failed_there: 'the original answered 5xx',
  body_too_large: 'a body of more than 1 MiB; of answers, only status and type were compared',
  body_unreadable: 'a send that is not a JSON object, or a broken content-encoding',
  cresset_failed: 'Cresset did not answer',
  dropped: 'there was no room for it: Cresset is too slow, or --buffer too small',
} as const;

export type NotCompared = keyof typeof notComparedReasons;

export interface Summary {
  /** Requests that were passed on. */
  passed: number;
  /** Requests whose answers were compared and are alike. */
  alike: number;
  /** Requests with at least one difference. */
  different: number;
  not_compared: Partial<Record<NotCompared, number>>;
  /** For each endpoint its kinds of differences, and how many requests have them. */
  differences: Record<string, Record<string, number>>;
  /** Lines that are missing in the report file, because they could not be written. */
  unwritten: number;
}

/** A caller can make up any number of unknown endpoints; the rest counts as `others`. */
const MOST_ENDPOINTS = 500;

export class Counts {
  readonly #differences = new Map<string, Map<string, number>>();
  readonly #notCompared = new Map<NotCompared, number>();
  #passed = 0;
  #alike = 0;
  #different = 0;

  pass(): void {
    this.#passed += 1;
  }

  count(endpoint: string, differences: readonly Difference[], notCompared: NotCompared | null): void {
    if (notCompared !== null) this.#notCompared.set(notCompared, (this.#notCompared.get(notCompared) ?? 0) + 1);
    else if (differences.length === 0) this.#alike += 1;
    if (differences.length === 0) return;
    this.#different += 1;
    const kinds = this.#kindsOf(endpoint);
    for (const kind of new Set(differences.map((one) => one.kind))) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }

  summary(unwritten: number): Summary {
    const differences = [...this.#differences].map(([endpoint, kinds]) => [endpoint, Object.fromEntries(kinds)]);
    return {
      ...{ passed: this.#passed, alike: this.#alike, different: this.#different },
      not_compared: Object.fromEntries(this.#notCompared),
      differences: Object.fromEntries(differences),
      unwritten,
    };
  }

  #kindsOf(endpoint: string): Map<string, number> {
    const name = this.#differences.has(endpoint) || this.#differences.size < MOST_ENDPOINTS ? endpoint : 'others';
    const kinds = this.#differences.get(name) ?? new Map<string, number>();
    this.#differences.set(name, kinds);
    return kinds;
  }
}

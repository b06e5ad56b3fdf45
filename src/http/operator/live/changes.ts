/** What a client of the console may have to read again. */
export interface Changes {
  topics: readonly Topic[];
  /** Ids of dispatches without dashes. null: any. */
  dispatches: readonly string[] | null;
}

export const topics = ['dispatches', 'requests', 'outbox', 'troubles'] as const;
export type Topic = (typeof topics)[number];

/** More dispatches than this are not named one by one. */
const MOST_NAMED = 100;
/** Dispatches whose last change is remembered. */
const MOST_REMEMBERED = 10_000;

export const everything: Changes = { topics, dispatches: null };
export const nothing: Changes = { topics: [], dispatches: [] };

export function isNothing({ topics, dispatches }: Changes): boolean {
  return topics.length === 0 && dispatches?.length === 0;
}

export function changesOf(topics: readonly Topic[], dispatches: readonly string[]): Changes {
  return { topics, dispatches: dispatches.length > MOST_NAMED ? null : dispatches };
}

/**
 * Remembers when each thing changed last, so that a stream that was interrupted is told what it missed. An id is that of
 * one memory and the number of a change.
 */
export class Memory {
  readonly #name = crypto.randomUUID().slice(0, 8);
  readonly #lastOf = new Map<string, number>();
  #last = 0;
  /** The last change that may have been about any dispatch. */
  #lastOfAny = 0;

  get id(): string {
    return `${this.#name}.${this.#last}`;
  }

  note({ topics, dispatches }: Changes): void {
    this.#last += 1;
    if (dispatches === null) this.#lastOfAny = this.#last;
    for (const one of [...topics, ...(dispatches ?? [])]) {
      this.#lastOf.delete(one);
      this.#lastOf.set(one, this.#last);
    }
    for (const oldest of this.#lastOf.keys()) {
      if (this.#lastOf.size <= MOST_REMEMBERED) break;
      // Who missed this change can no longer be told of it, so it counts as one of any dispatch.
      this.#lastOfAny = Math.max(this.#lastOfAny, this.#lastOf.get(oldest) ?? 0);
      this.#lastOf.delete(oldest);
    }
  }

  /** What changed after the event with this id. Everything, if the id is not of this memory. */
  since(id: string | null): Changes {
    const [, name, number = ''] = /^([0-9a-f]{8})\.(\d{1,15})$/.exec(id ?? '') ?? [];
    const after = Number(number);
    if (name !== this.#name || after > this.#last) return everything;
    const missed = [...this.#lastOf].filter(([, at]) => at > after).map(([one]) => one);
    const isTopic = (one: string): one is Topic => topics.some((topic) => topic === one);
    const ids = missed.filter((one) => !isTopic(one));
    const changes = changesOf(missed.filter(isTopic), ids);
    return this.#lastOfAny > after ? { ...changes, dispatches: null } : changes;
  }
}

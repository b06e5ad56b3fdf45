/** 4 MiB. More calls than this within their time share places, which costs a question and no call. */
const PLACES = 2 ** 20;
const THREAD_BITS = 5;
/** Most threads that may claim. Their numbers begin with 1. */
export const MOST_THREADS = 2 ** THREAD_BITS - 1;
/** Seconds are counted in the remaining 27 bits, and begin again with 0 every four years. */
const SECONDS_MASK = 2 ** (32 - THREAD_BITS) - 1;
/** Longer than any claim, in seconds. */
const LONGEST_SECONDS = 86_400;

/** Memory for the claims of a process's threads. */
export function claimsMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(PLACES * Uint32Array.BYTES_PER_ELEMENT);
}

/**
 * Says which thread makes a call that may be shared, without asking any of them. A place in shared memory holds the number
 * of the thread that claimed it and until when. Calls whose keys have the same place are made by the same thread, so that
 * two threads never make one call.
 */
export class CallClaims {
  readonly #places: Uint32Array;
  readonly #thread: number;

  /** `memory`: that of all threads. `thread`: the number of this one. */
  constructor(memory: SharedArrayBuffer, thread: number) {
    if (!(thread >= 1 && thread <= MOST_THREADS)) throw new Error(`there is no place for thread ${thread}`);
    this.#places = new Uint32Array(memory);
    this.#thread = thread;
  }

  /** The number of the thread that makes the call. It is this one's for `seconds` from now on if no other has it. */
  ownerOf(key: string, seconds: number, nowMs: number): number {
    const place = placeOf(key);
    const now = Math.floor(nowMs / 1_000) & SECONDS_MASK;
    for (;;) {
      const claim = Atomics.load(this.#places, place);
      const left = ((claim >>> THREAD_BITS) - now) & SECONDS_MASK;
      const owner = claim & MOST_THREADS;
      const isOurs = owner === this.#thread;
      const isNobodys = owner === 0 || left === 0 || left > LONGEST_SECONDS;
      if (!isOurs && !isNobodys) return owner;
      const until = isNobodys ? seconds : Math.max(left, seconds);
      const ours = ((((now + until) & SECONDS_MASK) << THREAD_BITS) | this.#thread) >>> 0;
      if (Atomics.compareExchange(this.#places, place, claim, ours) === claim) return this.#thread;
    }
  }
}

/** FNV-1a over the characters of the key. */
function placeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (PLACES - 1);
}

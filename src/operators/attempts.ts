import ipaddr from 'ipaddr.js';
import { BoundedCache } from '../lib/bounded-cache.ts';

/** Failures in a row that cost nothing: a slip of the finger, or a password that was changed. */
const FREE_FAILURES = 3;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** What is older is forgotten, in milliseconds. */
const KEPT_MS = 15 * 60_000;
const MOST_KEPT = 20_000;
/** Failures from all unknown addresses for one name, or for any name from one address, before all of these wait. */
const MOST_FOR_NAME = 30;
const MOST_FROM_ADDRESS = 30;

interface Failures {
  count: number;
  lastMs: number;
}

/**
 * Slows down who guesses passwords. Each pair of name and address waits longer with each failure. One address that tries
 * many names waits, and so do all addresses together that try one name. An address from which the name has signed in
 * before counts only its own pair, so that strangers cannot lock out the owner. In the memory of one process.
 */
export class Attempts {
  readonly #failures = new BoundedCache<string, Failures>({ mostBytes: MOST_KEPT });
  readonly #known = new BoundedCache<string, true>({ mostBytes: MOST_KEPT });

  /** Time until the next attempt may be made, in milliseconds. 0: now. */
  waitMs(name: string, address: string, nowMs: number): number {
    const from = networkOf(address);
    const own = this.#waitOf(`pair ${name} ${from}`, FREE_FAILURES, nowMs);
    if (this.#known.get(`${name} ${from}`) === true) return own;
    const ofName = this.#waitOf(`name ${name}`, MOST_FOR_NAME, nowMs);
    return Math.max(own, ofName, this.#waitOf(`address ${from}`, MOST_FROM_ADDRESS, nowMs));
  }

  /** Notes an attempt before it is judged, so that many at once count. `noteSuccess` takes it back. */
  noteAttempt(name: string, address: string, nowMs: number): void {
    const from = networkOf(address);
    const isKnown = this.#known.get(`${name} ${from}`) === true;
    for (const key of isKnown ? [`pair ${name} ${from}`] : [`pair ${name} ${from}`, `name ${name}`, `address ${from}`])
      this.#failures.set(key, { count: this.#countOf(key, nowMs) + 1, lastMs: nowMs }, 1);
  }

  noteSuccess(name: string, address: string, nowMs: number): void {
    const from = networkOf(address);
    this.#known.set(`${name} ${from}`, true, 1);
    this.#failures.delete(`pair ${name} ${from}`);
    for (const key of [`name ${name}`, `address ${from}`]) {
      const count = this.#countOf(key, nowMs);
      if (count > 0) this.#failures.set(key, { count: count - 1, lastMs: nowMs }, 1);
    }
  }

  #countOf(key: string, nowMs: number): number {
    const found = this.#failures.get(key);
    return found === undefined || nowMs - found.lastMs >= KEPT_MS ? 0 : found.count;
  }

  #waitOf(key: string, free: number, nowMs: number): number {
    const over = this.#countOf(key, nowMs) - free;
    if (over < 0) return 0;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(over, 20), LONGEST_WAIT_MS);
    return Math.max(0, (this.#failures.get(key)?.lastMs ?? 0) + wait - nowMs);
  }
}

/** An IPv6 address counts with its /64, which one customer has for themselves. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString();
}

import { LimitReached } from './errors.ts';

/** Processor time of one message, in milliseconds: all its templates together, wherever it goes. */
export const MAX_CPU_MS = 100;
/** Bytes of all texts and lists that one message may make, whether or not they are still needed. */
export const MAX_MADE_BYTES = 64 * 1024 * 1024;
/** Characters of one text: an output, a capture, what a filter makes. */
export const MAX_CHARACTERS = 1_000_000;
export const MAX_LOOP_TURNS = 10_000;
/** Digits of one number, as a whole number or as a decimal. */
export const MAX_DIGITS = 10_000;

/** A text takes two bytes a character, and as much as 16 characters for itself. */
const TEXT_OVERHEAD = 16;
const SLOT_BYTES = 16;
/** The clock is read each time so much work is done: about every 0.1 ms. One unit is about a nanosecond. */
export const WORK_BETWEEN_READINGS = 100_000;

/**
 * What one message may still use. Everything that makes a text or a list says so before it makes it, and whatever
 * takes time says how much. All methods throw LimitReached.
 */
export class Budget {
  #madeBytes = 0;
  #turns = 0;
  #work = 0;
  #startedUs: number | null = null;

  /** A text of this length is about to be made. */
  text(characters: number): void {
    if (characters > MAX_CHARACTERS) throw new LimitReached(`a text of more than ${MAX_CHARACTERS} characters`);
    this.#make(2 * (characters + TEXT_OVERHEAD));
    this.work(TEXT_OVERHEAD + characters);
  }

  /** A list of this length is about to be made. */
  list(items: number): void {
    this.#make(SLOT_BYTES * (items + 1));
    this.work(SLOT_BYTES * (items + 1));
  }

  /** One more turn of a loop. */
  turn(): void {
    this.#turns += 1;
    this.work(100);
    if (this.#turns > MAX_LOOP_TURNS) throw new LimitReached(`more than ${MAX_LOOP_TURNS} loop turns`);
  }

  /** `units`: about nanoseconds. */
  work(units: number): void {
    this.#work += units;
    if (this.#work < WORK_BETWEEN_READINGS) return;
    this.#work = 0;
    this.#readClock();
  }

  #make(bytes: number): void {
    this.#madeBytes += bytes;
    if (this.#madeBytes > MAX_MADE_BYTES)
      throw new LimitReached(`more than ${MAX_MADE_BYTES} bytes of texts and lists`);
  }

  /** Time runs from the first reading on, so that a small template never reads the clock. */
  #readClock(): void {
    const { user, system } = process.threadCpuUsage();
    this.#startedUs ??= user + system;
    if (user + system - this.#startedUs > MAX_CPU_MS * 1_000)
      throw new LimitReached(`more than ${MAX_CPU_MS} ms of processor time`);
  }
}

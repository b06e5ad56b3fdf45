import { type Held as HeldUntil, type NotBegun, type Outcome, STOPPED } from '../../channels/outcome.ts';
import { AbortWatch } from '../../lib/abort-watch.ts';
import type { Clock } from '../../lib/clock.ts';
import { Breaker } from '../../lib/limits/breaker.ts';
import { intervalMsOf } from './call-quotas.ts';
import { Pace, type PaceOptions } from './pace.ts';

/** No call was made, because the queue is closed or full. */
type Held = HeldUntil<number>;

/** The answer to one call, as far as the queue looks at it. */
export type CallAnswer = { kind: Outcome['kind']; slows?: 'account' };

/** The state of one account that all processes share: open, paused or probing. */
export interface AccountPause<Answer extends CallAnswer> {
  /**
   * Until when no call may be made, in milliseconds since 1970, and why. null: open, or open for the call of a probe.
   */
  closed(): { untilMs: number; reason: string; isPause?: true } | null;
  /** True: one call must show whether the provider accepts our settings. */
  isProbing(): boolean;
  /** Told every answer. Returns the answer that counts for the message. */
  hear(outcome: Answer): Answer;
}

export interface CallQueueOptions<Item, Answer extends CallAnswer> {
  sender: {
    deliver(item: Item, signal: AbortSignal): Promise<Answer | NotBegun>;
    close(): Promise<void>;
  };
  pause: AccountPause<Answer>;
  /** The answer that stands for an error of the sender. */
  onSenderThrew: Answer;
  clock: Clock;
  /** The pace that keeps to the provider's quota. null: the provider has none. */
  pace: Omit<PaceOptions, 'onReady'> | null;
  onBreakerOpen(untilMs: number): void;
  /** Told when the sender throws, which is a bug. */
  onSenderError(error: unknown): void;
}

interface Waiting<Item, Answer> {
  item: Item;
  dispatchId: string;
  signal: AbortSignal;
  resolve(outcome: Answer | Held): void;
  reject(error: unknown): void;
}

/** Most calls of one account in flight at once. */
const MAX_WINDOW = 2_000;
/**
 * At a slow pace, at most as many messages of one broadcast wait here as go out within `LINE_MS`, and at most
 * `LONGEST_LINE`. The others stay in the ledger, so that an account that is rarely called does not use up the send
 * limits.
 */
const LINE_MS = 5_000;
const LONGEST_LINE = 100;
/** A pace is slow if `LONGEST_LINE` messages take longer than this, in milliseconds. */
const SLOW_MS_A_LINE = 500;
/** Number of failures in a row that open the breaker. */
const FAILURES_TO_REST = 50;

/**
 * Makes the calls of one account to its provider: in order, at the provider's pace, and none while the queue is closed.
 * The window of calls in flight begins at 1 and grows by one with every accepted message, so it doubles with each round
 * trip. Settings that the provider does not accept are thus found by a handful of calls.
 */
export class CallQueue<Item, Answer extends CallAnswer> {
  readonly #options: CallQueueOptions<Item, Answer>;
  readonly #pace: Pace | null;
  readonly #breaker = new Breaker(FAILURES_TO_REST);
  readonly #signals = new AbortWatch(() => this.#releaseStopped());
  readonly #line: { most: number; intervalMs: number } | null;
  #waiting: Waiting<Item, Answer>[] = [];
  #next = 0;
  #inFlight = 0;
  #window = 1;

  constructor(options: CallQueueOptions<Item, Answer>) {
    this.#options = options;
    this.#line = options.pace && lineOf(options.pace);
    this.#pace = options.pace && new Pace({ ...options.pace, onReady: () => this.#pump() });
  }

  /** Makes one call once it may. Held, without a call: the queue is closed or full, or `signal` is aborted. */
  deliver(item: Item, dispatchId: string, signal: AbortSignal): Promise<Answer | Held> {
    // Nearly always the call may be made at once, and then need not wait in the queue.
    if (this.#waiting.length === 0 && !signal.aborted && this.#mayCall()) return this.#call(item, signal);
    const full = this.full(dispatchId);
    if (full !== null) return Promise.resolve({ kind: 'held', ...full });
    return new Promise((resolve, reject) => {
      if (signal.aborted) return resolve(this.#stopped());
      this.#waiting.push({ item, dispatchId, signal, resolve, reject });
      this.#signals.watch(signal);
      this.#pump();
    });
  }

  /** Until when no call may be made, in milliseconds since 1970, and why. null: a call may be made now. */
  closed(): { untilMs: number; reason: string; isPause?: true } | null {
    const closed = this.#options.pause.closed();
    if (closed !== null) return closed;
    const now = this.#options.clock.now().getTime();
    const openUntil = this.#breaker.openUntil(now);
    return openUntil === 0 ? null : { untilMs: openUntil, reason: 'the provider does not answer' };
  }

  /** Until when no more messages of a dispatch may wait, in milliseconds since 1970, and why. null: more may wait. */
  full(dispatchId: string): { untilMs: number; reason: string } | null {
    if (this.#line === null) return null;
    const { most, intervalMs } = this.#line;
    const waiting = this.#waiting.slice(this.#next);
    if (waiting.filter((one) => one.dispatchId === dispatchId).length < most) return null;
    const halfGoneMs = Math.ceil((waiting.length / 2) * intervalMs);
    return {
      untilMs: this.#options.clock.now().getTime() + halfGoneMs,
      reason: 'its account may not be called more often',
    };
  }

  /** Resolves when every call has ended. Messages that still wait are held. */
  close(): Promise<void> {
    this.#pace?.close();
    this.#hold(this.#stopped());
    return this.#options.sender.close();
  }

  #pump(): void {
    while (this.#next < this.#waiting.length) {
      const closed = this.closed();
      if (closed !== null) {
        this.#hold({ kind: 'held', ...closed });
        return;
      }
      if (this.#inFlight >= this.#limit()) return; // the end of a call pumps again
      if (!this.#takeTurn(this.#waiting.length - this.#next)) return; // the pace pumps again
      const one = this.#waiting[this.#next];
      this.#next += 1;
      if (this.#next > 1_000 || this.#next === this.#waiting.length) {
        this.#waiting = this.#waiting.slice(this.#next);
        this.#next = 0;
      }
      if (one !== undefined) this.#call(one.item, one.signal).then(one.resolve, one.reject);
    }
  }

  #mayCall(): boolean {
    return this.#inFlight < this.#limit() && this.closed() === null && this.#takeTurn(1);
  }

  /** True: one of the `waiting` messages may be sent now. */
  #takeTurn(waiting: number): boolean {
    return this.#pace === null || this.#pace.take(waiting);
  }

  #limit(): number {
    return this.#breaker.isHalfOpen || this.#options.pause.isProbing() ? 1 : this.#window;
  }

  #call(item: Item, signal: AbortSignal): Promise<Answer | Held> {
    this.#inFlight += 1;
    return Promise.try(() => this.#options.sender.deliver(item, signal)).then(this.#onAnswer, this.#onError);
  }

  readonly #onAnswer = (outcome: Answer | NotBegun): Answer | Held => {
    this.#inFlight -= 1;
    const heard = outcome.kind === 'not_begun' ? this.#stopped() : this.#note(outcome);
    if (this.#waiting.length > 0) this.#pump();
    return heard;
  };

  readonly #onError = (error: unknown): Answer | Held => {
    this.#options.onSenderError(error);
    return this.#onAnswer(this.#options.onSenderThrew);
  };

  #note(outcome: Answer): Answer {
    const now = this.#options.clock.now().getTime();
    if (outcome.kind === 'accepted') this.#window = Math.min(this.#window + 1, MAX_WINDOW);
    if (outcome.kind === 'retry' && outcome.slows !== undefined) {
      this.#window = 1;
    } else if (this.#breaker.note(outcome.kind === 'retry' || outcome.kind === 'unknown', now)) {
      this.#window = 1;
      this.#options.onBreakerOpen(this.#breaker.openUntil(now));
    }
    if (outcome.kind === 'config_error') this.#window = 1;
    return this.#options.pause.hear(outcome);
  }

  #hold(held: Held): void {
    const waiting = this.#waiting.slice(this.#next);
    this.#waiting = [];
    this.#next = 0;
    for (const { resolve } of waiting) resolve(held);
  }

  #releaseStopped(): void {
    const rest = this.#waiting.slice(this.#next);
    this.#waiting = rest.filter(({ signal }) => !signal.aborted);
    this.#next = 0;
    for (const { signal, resolve } of rest) if (signal.aborted) resolve(this.#stopped());
  }

  #stopped(): Held {
    return { kind: 'held', untilMs: this.#options.clock.now().getTime(), reason: STOPPED };
  }
}

/** null: no limit, because the pace is not slow or the calls are for named people. */
function lineOf({ quota, traffic }: Omit<PaceOptions, 'onReady'>): { most: number; intervalMs: number } | null {
  const intervalMs = intervalMsOf(quota);
  if (traffic === 'named' || LONGEST_LINE * intervalMs < SLOW_MS_A_LINE) return null;
  return { most: Math.min(Math.max(Math.floor(LINE_MS / intervalMs), 1), LONGEST_LINE), intervalMs };
}

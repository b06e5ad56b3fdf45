import { AbortWatch } from '../../../lib/abort-watch.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { relayAddress } from '../../relay-address.ts';
import type { SenderPauses } from '../../sender.ts';
import type { SmtpRelay } from '../settings.ts';
import type { Mail, SmtpResult, SmtpSender } from './deliver.ts';

export interface RelayOptions {
  relay: SmtpRelay;
  sender: SmtpSender;
  /** Most mails in flight, each on a connection of its own. */
  maxConnections: number;
  pauses: SenderPauses;
  nowMs(): number;
}

interface Waiting {
  signal: AbortSignal;
  begin(mayBegin: boolean): void;
}

/** Number of the relay's own failures in a row after which it is paused although it was just used by other mails. */
const FAILURES_TO_PAUSE = 5;
/** How long a relay is not asked again about a sender that it refused, in milliseconds. */
const REFUSED_SENDER_MS = 300_000;
const REFUSED_SENDERS = { most: 1_000, mostBytes: 256_000 };

/**
 * One relay of this thread. The window of mails in flight begins at 1, grows by one with each accepted mail, and begins
 * anew when a mail finds the relay unused or failing, so a relay that does not let us in sees few logins. The relay is
 * paused for everybody if it fails while no other mail is in flight, or five times in a row, and at once if it refuses
 * our reputation. A mail whose connection was
 * stale is tried once more, which counts.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #senders = new BoundedCache<string, { result: SmtpResult; untilMs: number }>(REFUSED_SENDERS);
  readonly #signals = new AbortWatch(() => this.#releaseStopped());
  /** The mails that wait for a connection, in order. */
  #waiting: Waiting[] = [];
  #window = 1;
  /** Number of times that the window began anew. A mail that began before does not widen it. */
  #restarts = 0;
  #inFlight = 0;
  /** Number of connections found stale since a mail was accepted. There are no more stale ones than connections. */
  #stale = 0;
  #failures = 0;
  #isClosed = false;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.relay.name;
  }

  get weight(): number {
    return this.#options.relay.weight ?? 0;
  }

  get isAvailable(): boolean {
    return !this.#isClosed && !this.#options.pauses.isPaused(this.name);
  }

  /** null: the relay was not called, because it is paused or closed, or `signal` is aborted. */
  async deliver(mail: Mail, signal: AbortSignal): Promise<SmtpResult | null> {
    const result = await this.#inTurn(mail, signal, true);
    return result?.mayBeStale ? this.#inTurn(mail, signal, false) : result;
  }

  async #inTurn(mail: Mail, signal: AbortSignal, isFirst: boolean): Promise<SmtpResult | null> {
    if (!this.isAvailable || signal.aborted || !(await this.#turn(signal))) return null;
    try {
      return this.isAvailable && !signal.aborted ? await this.#call(mail, isFirst) : null;
    } finally {
      this.#inFlight -= 1;
      this.#pump();
    }
  }

  /** Mails that wait are not sent any more. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#options.sender.close();
  }

  async #call(mail: Mail, isFirst: boolean): Promise<SmtpResult> {
    const { sender, nowMs } = this.#options;
    const { from } = mail.rendered;
    const known = this.#senders.get(from);
    if (known !== undefined && nowMs() < known.untilMs) return known.result;
    const restarts = this.#restarts;
    const result = await sender.deliver(mail);
    if (result.blame === 'sender')
      this.#senders.set(from, { result, untilMs: nowMs() + REFUSED_SENDER_MS }, from.length);
    if (isFirst && result.mayBeStale && this.#stale < this.#options.maxConnections) {
      this.#stale += 1;
      this.#beginAnew();
      return result;
    }
    this.#note(result, restarts);
    return { ...result, mayBeStale: false };
  }

  #note(result: SmtpResult, restarts: number): void {
    const { relay, pauses, maxConnections } = this.#options;
    if (result.blame === null || result.blame === 'message' || result.blame === 'sender') {
      this.#failures = 0;
      if (result.blame === null) this.#stale = 0;
      const widens = result.blame === null && restarts === this.#restarts;
      if (widens) this.#window = Math.min(this.#window + 1, maxConnections);
      return;
    }
    this.#beginAnew();
    this.#failures += 1;
    const hasAnswered = result.isOffered && 'reason' in result.outcome && /^\d/.test(result.outcome.reason);
    const isAlone = this.#inFlight === 1 && result.blame === 'relay' && !hasAnswered;
    const isRefusal = result.outcome.kind === 'config_error';
    if (!isAlone && !isRefusal && !result.isReputation && this.#failures < FAILURES_TO_PAUSE) return;
    this.#failures = 0;
    const said = result.said ?? 'it did not answer after the mail';
    const cause = result.isReputation ? 'slow_down' : isRefusal ? 'config_error' : 'unreachable';
    pauses.pause(relay, cause, `${relayAddress(relay.url)}: ${said}`);
  }

  #beginAnew(): void {
    this.#window = 1;
    this.#restarts += 1;
  }

  /** Waits for a connection. False: `signal` was aborted first. */
  #turn(signal: AbortSignal): Promise<boolean> | true {
    if (this.#inFlight === 0) this.#window = 1;
    if (this.#inFlight < this.#window) {
      this.#inFlight += 1;
      return true;
    }
    this.#signals.watch(signal);
    return new Promise((begin) => this.#waiting.push({ signal, begin }));
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#inFlight < this.#window) {
      this.#inFlight += 1;
      this.#waiting.shift()?.begin(true);
    }
  }

  #releaseStopped(): void {
    const stopped = this.#waiting.filter(({ signal }) => signal.aborted);
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    for (const { begin } of stopped) begin(false);
  }
}

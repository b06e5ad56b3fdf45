import type { ContentDesk } from '../../../connected-content/desk.ts';
import type { MessageContent } from '../../../connected-content/message-content.ts';
import { sendKey } from '../../ledger/send.ts';
import type { Candidate } from '../candidates.ts';

/**
 * The messages of a chunk whose templates make calls. A message is rendered up to the first call whose answer is not there,
 * and again as soon as it is. The calls of all messages are made at the same time.
 */
export class ContentRounds {
  readonly #desk: ContentDesk | null;
  #calling = new Set<Candidate>();
  #arrived: Candidate[] = [];
  #failure: { error: unknown } | null = null;
  #onArrival: () => void = () => undefined;

  constructor(desk: ContentDesk | null) {
    this.#desk = desk;
  }

  /** The answers for a message. undefined: it makes no calls, as nearly all. */
  contentFor(candidate: Candidate): MessageContent | undefined {
    const { message, dispatch, send } = candidate;
    if (!message.fetches || this.#desk === null) return undefined;
    candidate.content ??= this.#desk.forMessage(sendKey(send), dispatch.workspace);
    return candidate.content;
  }

  /** Makes the next call of a message, which must be rendered again after it. */
  wait(candidate: Candidate, content: MessageContent): void {
    this.#calling.add(candidate);
    content
      .fetch()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        if (this.#calling.delete(candidate)) this.#arrived.push(candidate);
        this.#onArrival();
      });
  }

  get isWaiting(): boolean {
    return this.#calling.size > 0 || this.#arrived.length > 0;
  }

  /** The messages that may be rendered again: at least one, unless none can within `mostMs`. */
  async next(mostMs: number): Promise<Candidate[]> {
    if (this.#arrived.length === 0 && this.#calling.size > 0) await this.#arrival(mostMs);
    if (this.#failure !== null) throw this.#failure.error;
    const arrived = this.#arrived;
    this.#arrived = [];
    return arrived;
  }

  /** Waits no more. Returns the messages whose calls are not answered; the calls go on, for when they are composed again. */
  leave(): Candidate[] {
    const left = [...this.#calling, ...this.#arrived];
    this.#calling = new Set();
    this.#arrived = [];
    return left;
  }

  #arrival(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(mostMs, 0));
      this.#onArrival = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

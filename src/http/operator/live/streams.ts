import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Changes } from './changes.ts';

/**
 * Streams of one session. A browser has six connections to a server that speaks HTTP/1.1, so this leaves three for
 * requests, however many tabs are open.
 */
const MOST_OF_SESSION = 3;
const MOST = 100;
/** Bytes that may wait for a reader. Who reads more slowly is cut off, and asks again what is new. */
const MOST_UNSENT_BYTES = 65_536;
/** Sessions are looked up this often, so one that is ended hears of nothing more after it. */
const CHECK_EVERY_MS = 2_000;
/** Without an answer for so long, all streams end: nobody knows who may still read. */
const UNCHECKED_MS = 15_000;
/** A client that hears nothing for three times as long knows that it was cut off. */
const BEAT_EVERY_MS = 14_000;
const RETRY_AFTER_S = 30;

export interface StreamsDeps {
  clock: Clock;
  log: Logger;
  /** Which of these sessions may still read. */
  mayStillRead(sessionIds: readonly string[]): Promise<ReadonlySet<string>>;
}

/** A stream of events to one tab. */
export class EventStream {
  readonly sessionId: string;
  readonly #answer: ServerResponse;

  constructor(sessionId: string, answer: ServerResponse) {
    this.sessionId = sessionId;
    this.#answer = answer;
  }

  changed(id: string, changes: Changes): void {
    this.#write(`id: ${id}\nevent: changed\ndata: ${JSON.stringify(changes)}\n\n`);
  }

  /** Says that the connection is still there. */
  beat(): void {
    this.#write(': beat\n\n');
  }

  /** A reader that is behind gets no more of what waits for it. */
  end(): void {
    if (this.#answer.writableLength > 0) this.#answer.destroy();
    else this.#answer.end();
  }

  #write(text: string): void {
    if (this.#answer.writableEnded || this.#answer.destroyed) return;
    // What waits for a slow reader would grow without a bound. It asks for all of it when it comes again.
    if (this.#answer.writableLength + Buffer.byteLength(text) > MOST_UNSENT_BYTES) this.#answer.destroy();
    else this.#answer.write(text);
  }
}

/** All streams of this process: how many there may be, who may still read them, and their end. */
export class EventStreams {
  readonly #deps: StreamsDeps;
  readonly #open = new Set<EventStream>();
  #cancelNext: () => void = () => undefined;
  #checkedAtMs = 0;
  #beatAtMs = 0;
  #isClosed = false;

  constructor(deps: StreamsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Throws RequestError if there are too many streams. */
  checkRoom(sessionId: string): void {
    const own = [...this.#open].filter((stream) => stream.sessionId === sessionId).length;
    if (own >= MOST_OF_SESSION) {
      const problem = `this session has ${MOST_OF_SESSION} streams already; ask every few seconds instead`;
      throw new RequestError('rate_limited', [problem], RETRY_AFTER_S);
    }
    if (this.#open.size >= MOST || this.#isClosed) {
      const problem = `this server has ${this.#open.size} streams; ask every few seconds instead`;
      throw new RequestError('queue_full', [problem], RETRY_AFTER_S);
    }
  }

  /** Makes a stream of an answer whose headers are sent. `onEnd`: called once, when it is over. */
  add(sessionId: string, answer: ServerResponse, onEnd: () => void): EventStream {
    const stream = new EventStream(sessionId, answer);
    if (this.#open.size === 0) this.#start();
    this.#open.add(stream);
    answer.once('close', () => {
      this.#open.delete(stream);
      if (this.#open.size === 0) this.#cancelNext();
      onEnd();
    });
    return stream;
  }

  /** Ends all streams, and lets nobody begin another. */
  close(): void {
    this.#isClosed = true;
    this.#cancelNext();
    this.#endAll();
  }

  #start(): void {
    const nowMs = this.#deps.clock.now().getTime();
    this.#checkedAtMs = nowMs;
    this.#beatAtMs = nowMs;
    this.#checkLater();
  }

  #checkLater(): void {
    this.#cancelNext = this.#deps.clock.after(CHECK_EVERY_MS, () => this.#check());
  }

  async #check(): Promise<void> {
    const { clock, log, mayStillRead } = this.#deps;
    const nowMs = clock.now().getTime();
    try {
      const open = [...this.#open];
      const allowed = await mayStillRead([...new Set(open.map(({ sessionId }) => sessionId))]);
      for (const stream of open) if (!allowed.has(stream.sessionId)) stream.end();
      this.#checkedAtMs = nowMs;
    } catch (error) {
      log.debug({ err: error }, 'could not look up the sessions of streams');
      if (nowMs - this.#checkedAtMs >= UNCHECKED_MS) this.#endAll();
    }
    if (nowMs - this.#beatAtMs >= BEAT_EVERY_MS) {
      this.#beatAtMs = nowMs;
      for (const stream of this.#open) stream.beat();
    }
    if (this.#open.size > 0 && !this.#isClosed) this.#checkLater();
  }

  #endAll(): void {
    for (const stream of this.#open) stream.end();
  }
}

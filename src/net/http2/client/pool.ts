import { AbortWatch } from '../../../lib/abort-watch.ts';
import type { Clock } from '../../../lib/clock.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Exchange, type Http2Answer, type Http2Request, unanswered } from './exchange.ts';
import { WaitQueue } from './wait-queue.ts';
import { Watch, type WatchLimits } from './watch.ts';
import { Window } from './window.ts';

export interface Http2PoolOptions extends ConnectionOptions {
  clock: Clock;
  maxConnections?: number;
  /** Number of requests that may wait for a free stream; one more is refused. Default: 20,000. */
  maxWaiting?: number;
  /** Time from sending a request to the end of its response. Default: 10,000. */
  requestTimeoutMs?: number;
  /** Time that a request may wait for a free stream. Default: 30,000. */
  waitTimeoutMs?: number;
  limits?: Partial<WatchLimits>;
  /** For tests: returns the share of its time, 0 to 1, that the event loop is busy. */
  utilization?: (() => number) | undefined;
}

const TICK_MS = 1_000;
const MAX_REFUSALS = 3;

/**
 * Sends requests to one origin, `https:` or (with prior knowledge of HTTP/2) `http:`. It fills one connection before it
 * opens the next, and keeps no more requests under way than the peer's latency calls for (`window.ts`). It repeats a request
 * on another connection if the peer has certainly not acted on it (GOAWAY, REFUSED_STREAM); it reports any other loss.
 * One timer of a second watches everything that can take too long.
 */
export class Http2Pool {
  readonly #options: Http2PoolOptions;
  readonly #clock: Clock;
  readonly #requestTimeoutMs: number;
  readonly #maxConnections: number;
  readonly #watch: Watch;
  readonly #window: Window;
  readonly #waiting = new WaitQueue();
  readonly #underWay = new Set<Exchange>();
  readonly #signals = new AbortWatch((signal) => this.#stop(signal));
  #connections: Connection[] = [];
  #stopTick: (() => void) | null = null;
  #closed: PromiseWithResolvers<void> | null = null;

  constructor(options: Http2PoolOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
    this.#maxConnections = options.maxConnections ?? 16;
    this.#watch = new Watch(options.limits);
    this.#window = new Window({ most: 100 * this.#maxConnections, utilization: options.utilization });
  }

  /**
   * Never rejects. Aborting `signal` gives back the requests that still wait. A request under way finishes, because ending
   * it would leave open whether the peer has acted.
   */
  request(request: Http2Request, signal: AbortSignal): Promise<Http2Answer> {
    if (signal.aborted) return Promise.resolve(unanswered('aborted', false));
    if (this.#closed !== null) return Promise.resolve(unanswered('closing', false));
    if (this.#waiting.length >= (this.#options.maxWaiting ?? 20_000))
      return Promise.resolve(unanswered('too many waiting', false));
    return new Promise((resolve) => {
      const exchange = new Exchange(request, signal, resolve);
      this.#waiting.push(exchange);
      if (this.#waiting.length === 1) this.#pump();
      if (exchange.carrier === null && !exchange.isResolved) this.#letWait(exchange);
      this.#tickLater();
    });
  }

  #letWait(exchange: Exchange): void {
    exchange.deadline = this.#now() + (this.#options.waitTimeoutMs ?? 30_000);
    this.#signals.watch(exchange.signal);
  }

  /** Resolves when every accepted request has its answer and every connection is closed. */
  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers<void>();
    this.#endIfEmpty();
    return this.#closed.promise;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      if (this.#underWay.size >= this.#window.size && !this.#window.grows()) return;
      const connection = this.#connectionWithRoom();
      if (connection === undefined) {
        this.#openAnother();
        return;
      }
      const exchange = this.#waiting.shift();
      if (exchange === undefined) return;
      exchange.deadline = this.#now() + this.#requestTimeoutMs;
      this.#underWay.add(exchange);
      this.#window.began(exchange);
      exchange.request.observer?.started();
      connection.start(exchange);
    }
  }

  #connectionWithRoom(): Connection | undefined {
    for (const connection of this.#connections) if (connection.hasRoom) return connection;
    return undefined;
  }

  /** Opens one connection at a time, and none while an existing one may still be allowed more streams. */
  #openAnother(): void {
    const live = this.#connections.filter(isLive);
    if (live.length >= this.#maxConnections) return;
    if (live.some(({ state, isProven, isLimitFinal }) => state === 'connecting' || !isProven || !isLimitFinal)) return;
    this.#open();
  }

  #open(): void {
    const connection = new Connection(this.#options, {
      onRoom: () => this.#pump(),
      onEnd: (exchange, isProcessed) => this.#onEnd(exchange, isProcessed),
      onClosed: (closed) => this.#onClosed(closed),
    });
    this.#connections.push(connection);
    this.#watch.opened(connection, this.#now());
  }

  #onEnd(exchange: Exchange, isProcessed: boolean): void {
    this.#underWay.delete(exchange);
    this.#window.ended(exchange);
    if (!isProcessed) this.#repeat(exchange);
    this.#pump();
    if (this.#closed !== null) this.#endIfEmpty();
  }

  #repeat(exchange: Exchange): void {
    if (exchange.refusals > MAX_REFUSALS || exchange.signal.aborted) {
      exchange.resolve(unanswered(exchange.signal.aborted ? 'aborted' : 'refused', false));
      return;
    }
    exchange.deadline = this.#now() + this.#requestTimeoutMs;
    this.#signals.watch(exchange.signal);
    this.#waiting.putBack(exchange);
  }

  /** If a connection ends without a single answer and there is no other, every waiting request fails with it. */
  #onClosed(connection: Connection): void {
    this.#watch.closed(connection);
    this.#connections = this.#connections.filter((one) => one !== connection);
    const others = this.#connections.some(isLive);
    if (!connection.hasAnswered && !others) this.#giveUp(`connect ${connection.problem ?? 'closed'}`, () => true);
    else this.#pump();
    if (this.#closed !== null) this.#endIfEmpty();
  }

  /** Fails the waiting requests for which `fits` is true. */
  #giveUp(reason: string, fits: (exchange: Exchange) => boolean): void {
    for (const exchange of this.#waiting.remove(fits)) exchange.resolve(unanswered(reason, false));
  }

  #stop(signal: AbortSignal): void {
    this.#giveUp('aborted', (exchange) => exchange.signal === signal);
    if (this.#closed !== null) this.#endIfEmpty();
  }

  #tickLater(): void {
    this.#stopTick ??= this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#stopTick = null;
    const now = this.#now();
    // Both collections are in the order of their deadlines, except for a few requests that were put back.
    for (const exchange of this.#underWay) {
      if (exchange.deadline > now) break;
      if (exchange.carrier instanceof Connection) this.#watch.doubt(exchange.carrier, now);
      exchange.end('timeout');
    }
    while ((this.#waiting.first()?.deadline ?? Number.POSITIVE_INFINITY) <= now)
      this.#waiting.shift()?.resolve(unanswered('waited too long', false));
    for (const connection of this.#connections) this.#watch.look(connection, now);
    this.#pump();
    if (this.#connections.length > 0 || this.#waiting.length > 0) this.#tickLater();
    if (this.#closed !== null) this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#waiting.length > 0 || this.#underWay.size > 0) return;
    for (const connection of this.#connections) connection.destroy();
    if (this.#connections.length > 0) return;
    this.#stopTick?.();
    this.#stopTick = null;
    this.#closed?.resolve();
  }
}

/** True: it carries requests, or is about to. */
function isLive({ state, isSuspect }: Connection): boolean {
  return state === 'connecting' || (state === 'open' && !isSuspect);
}

import type { Clock } from '../../../lib/clock.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Exchange, type Http2Answer, type Http2Request, unanswered } from './exchange.ts';
import { Line } from './line.ts';
import { Watch, type WatchLimits } from './watch.ts';
import { Window } from './window.ts';

export interface Http2PoolOptions extends ConnectionOptions {
  clock: Clock;
  maxConnections?: number;
  /** Requests that may wait for a place; one more is refused. */
  maxWaiting?: number;
  /** From being sent to the end of the answer. */
  requestTimeoutMs?: number;
  /** For a place. */
  waitTimeoutMs?: number;
  limits?: Partial<WatchLimits>;
  /** For tests: the share of its time that the process is at work. */
  utilization?: (() => number) | undefined;
}

const TICK_MS = 1_000;
const MAX_REFUSALS = 3;

/**
 * Requests to one origin, `https:` or with prior knowledge `http:`. One connection is filled before the next is opened, and
 * no more requests are under way than the peer's latency calls for (`window.ts`). A request which the peer has certainly
 * not acted on (GOAWAY, REFUSED_STREAM) goes to another connection by itself; any other loss is told.
 * One timer, a second long, watches over all that can take too long.
 */
export class Http2Pool {
  readonly #options: Http2PoolOptions;
  readonly #clock: Clock;
  readonly #requestTimeoutMs: number;
  readonly #maxConnections: number;
  readonly #watch: Watch;
  readonly #window: Window;
  readonly #line = new Line();
  readonly #underWay = new Set<Exchange>();
  readonly #signals = new WeakSet<AbortSignal>();
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
   * Never rejects. Aborting `signal` gives back what still waits; what is under way is let end, since ending it would only
   * leave open whether the peer has acted.
   */
  request(request: Http2Request, signal: AbortSignal): Promise<Http2Answer> {
    if (signal.aborted) return Promise.resolve(unanswered('aborted', false));
    if (this.#closed !== null) return Promise.resolve(unanswered('closing', false));
    if (this.#line.length >= (this.#options.maxWaiting ?? 20_000))
      return Promise.resolve(unanswered('too many waiting', false));
    return new Promise((settle) => {
      const exchange = new Exchange(request, signal, settle);
      this.#line.push(exchange);
      if (this.#line.length === 1) this.#pump();
      if (exchange.carrier === null && !exchange.isSettled) this.#letWait(exchange);
      this.#tickLater();
    });
  }

  #letWait(exchange: Exchange): void {
    exchange.deadline = this.#now() + (this.#options.waitTimeoutMs ?? 30_000);
    this.#listen(exchange.signal);
  }

  /** Resolves when all that was accepted has its answer and every connection is closed. */
  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers<void>();
    this.#endIfEmpty();
    return this.#closed.promise;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #pump(): void {
    while (this.#line.length > 0) {
      if (this.#underWay.size >= this.#window.size && !this.#window.grows()) return;
      const connection = this.#withRoom();
      if (connection === undefined) {
        this.#openAnother();
        return;
      }
      const exchange = this.#line.shift();
      if (exchange === undefined) return;
      exchange.deadline = this.#now() + this.#requestTimeoutMs;
      this.#underWay.add(exchange);
      this.#window.began(exchange);
      exchange.request.handover?.handedOver();
      connection.start(exchange);
    }
  }

  #withRoom(): Connection | undefined {
    for (const connection of this.#connections) if (connection.hasRoom) return connection;
    return undefined;
  }

  /** One at a time, and none while it is open what another will carry. */
  #openAnother(): void {
    const live = this.#connections.filter(({ state }) => state === 'connecting' || state === 'open');
    if (live.length >= this.#maxConnections) return;
    if (live.some(({ state, isProven, isSettled }) => state === 'connecting' || !isProven || !isSettled)) return;
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
    if (!isProcessed) this.#again(exchange);
    this.#pump();
    if (this.#closed !== null) this.#endIfEmpty();
  }

  #again(exchange: Exchange): void {
    exchange.refusals += 1;
    if (exchange.refusals > MAX_REFUSALS || exchange.signal.aborted) {
      exchange.settle(unanswered(exchange.signal.aborted ? 'aborted' : 'refused', false));
      return;
    }
    exchange.deadline = this.#now() + this.#requestTimeoutMs;
    this.#listen(exchange.signal);
    this.#line.putBack(exchange);
  }

  /** A connection that ended without a single answer is not tried again for those who wait, unless another is there. */
  #onClosed(connection: Connection): void {
    this.#watch.closed(connection);
    this.#connections = this.#connections.filter((one) => one !== connection);
    const others = this.#connections.some(({ state }) => state === 'connecting' || state === 'open');
    if (!connection.hasAnswered && !others) this.#giveUp(`connect ${connection.problem ?? 'closed'}`, () => true);
    else this.#pump();
    if (this.#closed !== null) this.#endIfEmpty();
  }

  /** Answers those who wait and fit. */
  #giveUp(reason: string, fits: (exchange: Exchange) => boolean): void {
    for (const exchange of this.#line.remove(fits)) exchange.settle(unanswered(reason, false));
  }

  #listen(signal: AbortSignal): void {
    if (this.#signals.has(signal)) return;
    this.#signals.add(signal);
    const onAbort = () => {
      this.#giveUp('aborted', (exchange) => exchange.signal === signal);
      if (this.#closed !== null) this.#endIfEmpty();
    };
    signal.addEventListener('abort', onAbort, { once: true });
  }

  #tickLater(): void {
    this.#stopTick ??= this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#stopTick = null;
    const now = this.#now();
    // Both are in the order of their deadlines, but for a few that were put back.
    for (const exchange of this.#underWay) {
      if (exchange.deadline > now) break;
      exchange.end('timeout');
    }
    while ((this.#line.first()?.deadline ?? Number.POSITIVE_INFINITY) <= now)
      this.#line.shift()?.settle(unanswered('waited too long', false));
    for (const connection of this.#connections) this.#watch.look(connection, now);
    this.#pump();
    if (this.#connections.length > 0 || this.#line.length > 0) this.#tickLater();
    if (this.#closed !== null) this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#line.length > 0 || this.#underWay.size > 0) return;
    for (const connection of this.#connections) connection.destroy();
    if (this.#connections.length > 0) return;
    this.#stopTick?.();
    this.#stopTick = null;
    this.#closed?.resolve();
  }
}

import net from 'node:net';
import tls from 'node:tls';
import { NotBegunError, type Post, type PostReply } from '../http-post.ts';
import { Connection, type ConnectionOwner, type Exchange, whyNotBegun } from './connection.ts';
import { requestHead } from './request-text.ts';

export interface Http1PoolOptions {
  /** Most connections. Each carries one request at a time. */
  connections: number;
  /** Longest time to connect, TLS included, in milliseconds. */
  connectMs: number;
  /** Longest time until an answer begins, and between two parts of it, in milliseconds. */
  replyMs: number;
  /** A connection that idles longer is closed. In milliseconds. Default: 4,000. */
  idleMs?: number;
  lookup?: net.LookupFunction;
  /** Certificate authorities in addition to those of Node.js. */
  ca?: string;
}

/** Wait between two looks for what has taken too long, in milliseconds. Nothing ends later than that. */
const LOOK_EVERY_MS = 250;
const IDLE_MS = 4_000;
/** Longest answer's part that is read at once, in bytes. Nearly all answers are shorter, and each connection has the room. */
const READ_BYTES = 4_096;
const KEEP_ALIVE_MS = 60_000;

class PoolClosed extends Error {
  readonly code = 'POOL_CLOSED';
}

/**
 * Connections to one origin over HTTP/1.1. A request waits until one is free; then the connection is its own until its answer
 * has ended. Connections are opened as needed. Nothing is repeated, followed or sent ahead of an answer (decision 60).
 */
export class Http1Pool {
  readonly #options: Http1PoolOptions;
  readonly #url: URL;
  readonly #owner: ConnectionOwner;
  readonly #all = new Set<Connection>();
  /** The one that was used last is used next, so that those that are too many idle and are closed. */
  readonly #free: Connection[] = [];
  #connecting = 0;
  #waiting: Exchange[] = [];
  #next = 0;
  #look: NodeJS.Timeout | null = null;
  #session: Buffer | undefined;
  #closed: PromiseWithResolvers<void> | null = null;

  constructor(origin: string, options: Http1PoolOptions) {
    this.#url = new URL(origin);
    this.#options = options;
    this.#owner = {
      onMade: () => {
        this.#connecting -= 1;
      },
      onFree: (connection) => this.#onFree(connection),
      onGone: (connection, failure) => this.#onGone(connection, failure),
    };
  }

  /**
   * Sends one request; follows no redirect and repeats nothing. Rejects with NotBegunError, MalformedRequest, the network's
   * error or the signal's reason, unless a status that is no success has arrived.
   */
  post({ method = 'POST', path, headers, body, timeoutMs, maxReplyBytes, mayBegin, signal }: Post): Promise<PostReply> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) throw new PoolClosed('the pool is closed');
      const head = requestHead({ method, path, headers, body, host: this.#url.host });
      const most = timeoutMs ?? Number.POSITIVE_INFINITY;
      const exchange = { head, body, maxReplyBytes, timeoutMs: most, mayBegin, signal, resolve, reject };
      const why = whyNotBegun(exchange);
      if (why !== null) throw why;
      const nowMs = performance.now();
      const connection = this.#takeFree(nowMs);
      if (connection !== null) return connection.begin(exchange, nowMs);
      this.#waiting.push(exchange);
      this.#connectMore();
    });
  }

  /** Begins no more requests. Resolves when all that wait have ended and every connection is closed. */
  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers();
    for (const connection of [...this.#free]) connection.end(null);
    this.#endIfEmpty();
    return this.#closed.promise;
  }

  /** Ends everything at once. Requests that wait are given back; those under way fail. */
  destroy(): Promise<void> {
    const waiting = this.#waiting.slice(this.#next);
    this.#waiting = [];
    this.#next = 0;
    for (const { reject } of waiting) reject(new NotBegunError());
    const closed = this.close();
    for (const connection of [...this.#all]) connection.end(new PoolClosed('the pool is closed'));
    return closed;
  }

  #takeFree(nowMs: number): Connection | null {
    for (let one = this.#free.pop(); one !== undefined; one = this.#free.pop()) {
      if (!one.isStale(nowMs, this.#options.idleMs ?? IDLE_MS)) return one;
      one.end(null);
    }
    return null;
  }

  get #waits(): number {
    return this.#waiting.length - this.#next;
  }

  #takeWaiting(): Exchange | null {
    while (this.#next < this.#waiting.length) {
      const exchange = this.#waiting[this.#next];
      this.#next += 1;
      if (this.#next === this.#waiting.length || this.#next > 1_000) {
        this.#waiting = this.#waiting.slice(this.#next);
        this.#next = 0;
      }
      const why = exchange && whyNotBegun(exchange);
      if (exchange !== undefined && why === null) return exchange;
      exchange?.reject(why);
    }
    return null;
  }

  #connectMore(): void {
    while (this.#connecting < this.#waits && this.#all.size < this.#options.connections) this.#connect();
  }

  #connect(): void {
    this.#connecting += 1;
    const isSecure = this.#url.protocol === 'https:';
    const readyEvent = isSecure ? 'secureConnect' : 'connect';
    const open = isSecure ? this.#openSecure : this.#openPlain;
    this.#all.add(new Connection(open, { readyEvent, owner: this.#owner }));
    if (this.#look !== null) return;
    this.#look = setInterval(() => this.#checkTimes(), LOOK_EVERY_MS);
    this.#look.unref(); // the sockets keep the process alive
  }

  readonly #openPlain = (onData: (bytes: Buffer) => void): net.Socket => net.connect(this.#socketOptions(onData));

  readonly #openSecure = (onData: (bytes: Buffer) => void): net.Socket => {
    const { ca } = this.#options;
    const host = this.#host;
    const socket = tls.connect({
      ...this.#socketOptions(onData),
      ALPNProtocols: ['http/1.1'],
      ...(net.isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
      ...(this.#session !== undefined && { session: this.#session }),
    });
    socket.on('session', (session: Buffer) => {
      this.#session = session;
    });
    return socket;
  };

  get #host(): string {
    return this.#url.hostname.replace(/^\[|\]$/g, '');
  }

  #socketOptions(onData: (bytes: Buffer) => void) {
    const { protocol, port } = this.#url;
    const { lookup } = this.#options;
    const room = Buffer.allocUnsafeSlow(READ_BYTES);
    let read = room;
    return {
      host: this.#host,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      ...(lookup !== undefined && { lookup }),
      // Reads into one place without a stream, which costs as much as the rest of an answer.
      onread: {
        buffer: room,
        callback(size: number): boolean {
          if (read.length !== size) read = room.subarray(0, size); // answers of one peer mostly have one size
          onData(read);
          return true;
        },
      },
    };
  }

  #onFree(connection: Connection): void {
    const exchange = this.#takeWaiting();
    if (exchange !== null) connection.begin(exchange, performance.now());
    else if (this.#closed !== null) connection.end(null);
    else this.#free.push(connection);
  }

  #onGone(connection: Connection, failure: { error: unknown } | null): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
    if (failure !== null) {
      this.#connecting -= 1;
      this.#takeWaiting()?.reject(failure.error);
    }
    this.#connectMore();
    this.#endIfEmpty();
  }

  #checkTimes(): void {
    const nowMs = performance.now();
    const { replyMs, connectMs, idleMs = IDLE_MS } = this.#options;
    for (const connection of [...this.#all]) connection.checkTime(nowMs, { replyMs, connectMs, idleMs });
  }

  #endIfEmpty(): void {
    if (this.#all.size > 0) return;
    if (this.#look !== null) clearInterval(this.#look);
    this.#look = null;
    if (this.#waits === 0) this.#closed?.resolve();
  }
}

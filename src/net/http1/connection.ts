import type { Socket } from 'node:net';
import { NotBegunError, type PostReply } from '../http-post.ts';
import { AnswerReader, BrokenAnswer } from './answer-reader.ts';

/** One request and whoever waits for its answer. */
export interface Exchange {
  head: string;
  body: Buffer | string | null;
  maxReplyBytes: number | ((status: number) => number);
  /** Longest time from its beginning to the end of its answer, in milliseconds. */
  timeoutMs: number;
  /** Once aborted, it is not begun any more. */
  mayBegin: AbortSignal | undefined;
  /** Aborts it, also when it has begun. */
  signal: AbortSignal | undefined;
  resolve(reply: PostReply): void;
  reject(error: unknown): void;
}

/** The exchange took longer than it may. */
export class ExchangeTimeout extends Error {
  override name = 'TimeoutError';
}

/** The peer closed the connection before it answered. */
class ClosedByPeer extends Error {
  readonly code = 'ECONNRESET';
}

/** Longest times, in milliseconds: to connect, until something comes of an answer, and between two requests. */
export interface ConnectionTimes {
  connectMs: number;
  replyMs: number;
  idleMs: number;
}

/** A connection is left this long before the peer would close it, because a request that meets its end is lost. */
const KEPT_MARGIN_MS = 1_000;

export interface ConnectionOwner {
  /** The connection has been made. `onFree` follows. */
  onMade(): void;
  /** The connection can take a request. */
  onFree(connection: Connection): void;
  /** The connection is gone. `failure`: why it could not be made. null: it had been made. */
  onGone(connection: Connection, failure: { error: unknown } | null): void;
}

/**
 * One connection, with one request at a time. States: connecting → free ⇄ busy → gone; every state may become gone. Whatever
 * comes that is no answer to a request ends it.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader = new AnswerReader();
  #state: 'connecting' | 'free' | 'busy' | 'gone' = 'connecting';
  #exchange: Exchange | null = null;
  #stop: (() => void) | null = null;
  /** When its request began, and when something last happened on it, in milliseconds of `performance.now()`. */
  #beganMs = 0;
  #heardMs = performance.now();
  #timeoutMs = 0;
  /** How long the peer says that it keeps the connection, in milliseconds. */
  #keptMs = Number.POSITIVE_INFINITY;

  /** `connect`: opens a socket that gives all it reads to its argument. `readyEvent`: the socket's event when it can be used. */
  constructor(
    connect: (onData: (bytes: Buffer) => void) => Socket,
    { readyEvent, owner }: { readyEvent: 'connect' | 'secureConnect'; owner: ConnectionOwner },
  ) {
    this.#owner = owner;
    this.#socket = connect((bytes) => this.#read(bytes));
    this.#socket.setNoDelay(true);
    this.#socket.once(readyEvent, () => this.#made());
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('end', () => this.#end(new ClosedByPeer('the peer closed the connection')));
    this.#socket.on('close', () => this.#end(new ClosedByPeer('the connection is closed')));
  }

  /** Whether it is free and has idled longer than `idleMs`, or nearly as long as the peer keeps it. */
  isStale(nowMs: number, idleMs: number): boolean {
    return this.#state === 'free' && nowMs - this.#heardMs > Math.min(idleMs, this.#keptMs - KEPT_MARGIN_MS);
  }

  /** Sends the request of an exchange. The connection must be free. */
  begin(exchange: Exchange, nowMs: number): void {
    this.#state = 'busy';
    this.#exchange = exchange;
    this.#beganMs = nowMs;
    this.#heardMs = nowMs;
    this.#timeoutMs = exchange.timeoutMs;
    this.#reader.begin(exchange.maxReplyBytes);
    const { signal, head, body } = exchange;
    if (signal !== undefined) {
      this.#stop = () => this.end(asError(signal.reason));
      signal.addEventListener('abort', this.#stop, { once: true });
    }
    if (body === null) this.#socket.write(head, 'latin1');
    // Characters of ASCII are the same bytes in both encodings, and one write costs half as much as two.
    else if (typeof body === 'string' && Buffer.byteLength(body) === body.length)
      this.#socket.write(head + body, 'latin1');
    else {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    }
  }

  /** Ends it if its request has taken too long, or nothing has come for too long. */
  checkTime(nowMs: number, { connectMs, replyMs, idleMs }: ConnectionTimes): void {
    const silentMs = nowMs - this.#heardMs;
    if (this.#state === 'connecting' && silentMs > connectMs) this.end(new ConnectTimeout('no connection in time'));
    else if (this.#state === 'busy' && (silentMs > replyMs || nowMs - this.#beganMs > this.#timeoutMs))
      this.end(new ExchangeTimeout('no answer in time'));
    else if (this.isStale(nowMs, idleMs)) this.end(null);
  }

  /** Ends the connection and its request, which fails with `error` unless its answer has come. */
  end(error: unknown): void {
    this.#end(error);
  }

  #made(): void {
    if (this.#state === 'gone') return;
    this.#owner.onMade();
    this.#becomeFree();
  }

  #becomeFree(): void {
    this.#state = 'free';
    this.#heardMs = performance.now();
    this.#owner.onFree(this);
  }

  #read(bytes: Buffer): void {
    if (this.#state === 'gone') return;
    // Nobody asked for anything, so what comes belongs to no request.
    if (this.#state !== 'busy') {
      this.#end(new ClosedByPeer('the peer spoke unasked'));
      return;
    }
    this.#heardMs = performance.now();
    const used = this.#readAnswer(bytes);
    if (used === null) return;
    if (this.#reader.hasEnded) {
      this.#answered(used === bytes.length);
      return;
    }
    if (this.#reader.isHeadEnough || this.#reader.isTooLong) this.#tell();
    if (this.#reader.isTooLong) this.#end(new BrokenAnswer('the answer is longer than expected'));
  }

  /** Returns how many bytes belong to the answer. null: it is none, and the connection has ended. */
  #readAnswer(bytes: Buffer): number | null {
    try {
      return this.#reader.read(bytes);
    } catch (error) {
      this.#end(error);
      return null;
    }
  }

  /** `isClean`: nothing followed the answer. */
  #answered(isClean: boolean): void {
    const { keepsAlive, headers } = this.#reader;
    this.#keptMs = keptMsOf(headers['keep-alive']);
    this.#tell();
    if (isClean && keepsAlive) this.#becomeFree();
    else this.#end(null);
  }

  /** Gives the answer, as far as it has come, to whoever waits for it. */
  #tell(): void {
    const exchange = this.#leave();
    const { status, headers, body } = this.#reader;
    exchange?.resolve({ status, headers, body });
  }

  #leave(): Exchange | null {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (this.#stop !== null) exchange?.signal?.removeEventListener('abort', this.#stop);
    this.#stop = null;
    return exchange;
  }

  #end(error: unknown): void {
    if (this.#state === 'gone') return;
    const wasConnecting = this.#state === 'connecting';
    if (this.#state === 'busy') this.#endExchange(error);
    this.#state = 'gone';
    this.#socket.destroy();
    this.#owner.onGone(this, wasConnecting ? { error } : null);
  }

  #endExchange(error: unknown): void {
    const isComplete = error instanceof ClosedByPeer && this.#reader.endsWithConnection;
    // A refusal whose body breaks off is still a refusal.
    if (isComplete || this.#reader.status >= 300) this.#tell();
    else this.#leave()?.reject(error);
  }
}

/** No connection was made in time, so nobody has received anything. */
export class ConnectTimeout extends Error {
  override name = 'ConnectTimeout';
  readonly code = 'CONNECT_TIMEOUT';
}

/** The exchange's error if it may not begin. null: it may. */
export function whyNotBegun({ mayBegin, signal }: Exchange): unknown {
  if (mayBegin?.aborted) return new NotBegunError();
  return signal?.aborted ? asError(signal.reason) : null;
}

/** How long the peer keeps an idle connection, in milliseconds, as servers say it: `timeout=5, max=100`. */
function keptMsOf(hint: string | string[] | undefined): number {
  const seconds = hint === undefined ? undefined : /(?:^|[ ,])timeout=(\d{1,6})/i.exec(String(hint))?.[1];
  return seconds === undefined ? Number.POSITIVE_INFINITY : Number(seconds) * 1_000;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { CODE } from '../frames.ts';
import type { FlatHeaders } from '../header-decoder.ts';
import { type Exchange, type Http2Headers, TOO_LONG, unanswered } from './exchange.ts';
import { Session, type Stream } from './session.ts';

export interface ConnectionOptions {
  origin: string;
  /** PEM of the authority that signed the peer's certificate. Absent: the authorities that Node.js trusts. */
  ca?: string | undefined;
  /** True for a status that proves that the peer accepts our credentials. Until then, one request at a time. */
  provenBy?: ((status: number) => boolean) | undefined;
  /** Names of headers that must not go into the peer's header table. */
  unindexed?: readonly string[] | undefined;
}

/** Events that the connection reports to the pool. */
export interface ConnectionOwner {
  /** The connection may carry more requests than before. */
  onRoom(connection: Connection): void;
  /** The exchange left the connection. `isProcessed`: it has its answer. False: the peer has certainly not acted on it. */
  onEnd(exchange: Exchange, isProcessed: boolean): void;
  onClosed(connection: Connection): void;
}

const MOST_STREAM_ID = 2_000_000_000; // HTTP/2 stream ids end at 2^31
const NOT_HTTP2 = 'does not speak HTTP/2';

/**
 * One HTTP/2 connection: connecting → open → retired → closed. It opens when the peer's SETTINGS arrive, so its limit of
 * streams is known before the first stream. A GOAWAY, a vanished peer or the owner retires it: requests under way finish.
 */
export class Connection {
  state: 'connecting' | 'open' | 'retired' | 'closed' = 'connecting';
  /** The peer has accepted our credentials. Until then the connection carries one request at a time. */
  isProven: boolean;
  /** The peer has had time to raise its limit of streams, which some do only once they accept us. */
  isLimitFinal: boolean;
  hasAnswered = false;
  /** Set by each reply; the watch over silence clears it. */
  heard = true;
  /** A request has timed out and the peer was silent: it starts no request until the peer is heard. */
  isSuspect = false;
  /** Why it did not open or broke, such as ECONNREFUSED. null: nothing is known. */
  problem: string | null = null;
  readonly #session: Session<Exchange>;
  readonly #owner: ConnectionOwner;
  readonly #provenBy: ((status: number) => boolean) | undefined;
  #mostStreams = 0;
  /** The peer has not processed streams above this one. */
  #lastStreamId = Number.POSITIVE_INFINITY;

  constructor({ origin, ca, provenBy, unindexed = [] }: ConnectionOptions, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#provenBy = provenBy;
    this.isProven = provenBy === undefined;
    this.isLimitFinal = this.isProven;
    const url = new URL(origin);
    const socket = openSocket(url, ca);
    socket.on('error', (error) => {
      const code = codeOf(error);
      this.problem ??= code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' ? NOT_HTTP2 : code;
    });
    // No answer can arrive any more. Destroying does not wait until the peer has read what we still have to write.
    socket.on('end', () => this.destroy());
    socket.on('close', () => this.#onClosed());
    socket.on('secureConnect', () => {
      if (socket instanceof TLSSocket && socket.alpnProtocol !== 'h2') this.destroy(NOT_HTTP2);
    });
    this.#session = new Session(socket, url, unindexed, {
      onSettings: (mostStreams) => this.#onSettings(mostStreams),
      onHeaders: ({ carried }, status, headers) => this.#onHeaders(carried, status, headers),
      onData: ({ carried }, chunk) => carried.take(chunk),
      onStreamEnd: (stream) => this.#onStreamEnd(stream),
      onGoaway: (code, lastStream) => this.#onGoaway(code, lastStream),
      onBroken: (problem) => {
        this.problem ??= problem;
        if (this.state === 'open') this.state = 'retired';
      },
    });
  }

  get underWay(): number {
    return this.#session.streams;
  }

  get hasRoom(): boolean {
    return this.state === 'open' && !this.isSuspect && this.underWay < (this.isProven ? this.#mostStreams : 1);
  }

  /** Starts a request. The caller has checked `hasRoom`. */
  start(exchange: Exchange): void {
    const stream = this.#session.request(exchange.request.headers, exchange.request.body, exchange);
    if (stream === null) {
      exchange.resolve(unanswered('headers that cannot be sent', false));
      queueMicrotask(() => this.#owner.onEnd(exchange, true)); // not recursively: thousands like it may follow
      return;
    }
    exchange.carrier = this;
    exchange.streamId = stream.id;
    if (stream.id > MOST_STREAM_ID) this.retire();
  }

  /** Resets the stream; the exchange ends with what has arrived. */
  cancel(streamId: number): void {
    this.#session.cancel(streamId);
  }

  retire(): void {
    if (this.state === 'closed' || this.state === 'retired') return;
    this.state = 'retired';
    this.#endWhenEmpty();
  }

  /** Ends the connection at once, whatever is under way. */
  destroy(problem: string | null = null): void {
    this.problem ??= problem;
    if (this.state === 'open') this.state = 'retired';
    this.#session.destroy();
  }

  /** Notes that the peer has sent something that shows that it lives. */
  hear(): void {
    this.heard = true;
    if (!this.isSuspect) return;
    this.isSuspect = false;
    queueMicrotask(() => this.#owner.onRoom(this)); // not amid the frame
  }

  /** Calls back once the peer has answered, or never. */
  ping(onPong: () => void): void {
    this.#session.ping(onPong);
  }

  /** Waits until it is empty, because some peers drop requests under way when they hear that no more will come. */
  #endWhenEmpty(): void {
    if (this.state === 'retired' && this.underWay === 0) this.#session.end();
  }

  #onSettings(mostStreams: number): void {
    this.#mostStreams = mostStreams;
    if (this.state === 'open') this.isLimitFinal = true;
    if (this.state === 'connecting') this.state = 'open';
    this.#owner.onRoom(this);
  }

  #onHeaders(exchange: Exchange, status: number, headers: FlatHeaders): void {
    exchange.status = status;
    exchange.headers = byName(headers);
    this.hear();
    this.hasAnswered = true;
    if (!this.isProven && this.#provenBy?.(status)) this.isProven = true;
  }

  #onStreamEnd(stream: Stream<Exchange>): void {
    const exchange = stream.carried;
    exchange.carrier = null;
    this.#endWhenEmpty();
    if (isAnswer(exchange, stream.isComplete)) {
      const { status, headers, body } = exchange;
      exchange.resolve({ kind: 'reply', status, headers, body, connection: this });
      this.#owner.onEnd(exchange, true);
    } else if (!stream.isAnswered && this.#isUnprocessed(stream)) {
      // A connection that has answered others and ends in order says nothing against the request.
      if (!(stream.id > this.#lastStreamId && this.hasAnswered)) exchange.refusals += 1;
      this.#owner.onEnd(exchange, false);
    } else {
      exchange.resolve(unanswered(exchange.endedBecause ?? this.#whyEnded(stream), true));
      this.#owner.onEnd(exchange, true);
    }
  }

  /** An error code ends the connection at once. Without one, the peer still answers the streams it has processed. */
  #onGoaway(code: number, lastStreamId: number): void {
    this.#lastStreamId = lastStreamId;
    if (this.state === 'open') this.state = 'retired';
    if (code !== CODE.noError) this.destroy(`goaway ${code}`);
    else this.#endWhenEmpty();
  }

  #onClosed(): void {
    this.state = 'closed';
    this.#session.closed();
    this.#owner.onClosed(this);
  }

  #isUnprocessed({ id, resetCode }: Stream<Exchange>): boolean {
    return id > this.#lastStreamId || resetCode === CODE.refusedStream;
  }

  #whyEnded({ resetCode }: Stream<Exchange>): string {
    if (resetCode !== null) return `reset ${resetCode}`;
    return this.problem === null ? 'closed' : `closed ${this.problem}`;
  }
}

function openSocket({ protocol, hostname, port }: URL, ca: string | undefined): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return connectTcp({ host, port: Number(port || 80) });
  const socket = connectTls({
    host,
    port: Number(port || 443),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  });
  // Hold writes back until the handshake is done: a failed write would hide why the handshake failed.
  socket.cork();
  socket.once('secureConnect', () => socket.uncork());
  return socket;
}

/** True if the response is complete, or was cut at our limit, or is a success: there the status says everything. */
function isAnswer({ status, endedBecause }: Exchange, isComplete: boolean): boolean {
  return isComplete || (status >= 200 && status < 300) || endedBecause === TOO_LONG;
}

/** Headers by name. The first of a repeated header counts. */
function byName(flat: FlatHeaders): Http2Headers {
  const headers: Record<string, string> = {};
  for (let at = 2; at < flat.length; at += 2) headers[flat[at] as string] ??= flat[at + 1] as string;
  return headers;
}

export function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}

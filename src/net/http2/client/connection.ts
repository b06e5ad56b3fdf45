import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { CODE } from '../frames.ts';
import type { FlatHeaders } from '../header-decoder.ts';
import { type Exchange, type Http2Headers, TOO_LONG, unanswered } from './exchange.ts';
import { Session, type Stream } from './session.ts';

export interface ConnectionOptions {
  origin: string;
  /** PEM of the authority that signed the peer's certificate, when it is none that everybody knows. */
  ca?: string | undefined;
  /** Which status proves that the peer takes us; until one has come, the connection carries one request at a time. */
  provenBy?: ((status: number) => boolean) | undefined;
  /** Names of headers that the peer does not want to keep in its table. */
  unindexed?: readonly string[] | undefined;
}

/** What the pool is told. */
export interface ConnectionOwner {
  /** It may take more than before. */
  onRoom(connection: Connection): void;
  /** The exchange has its answer, or goes back because the peer has certainly not acted on it. */
  onEnd(exchange: Exchange, isProcessed: boolean): void;
  onClosed(connection: Connection): void;
}

const MOST_STREAM_ID = 2_000_000_000; // they end at 2^31
const NOT_HTTP2 = 'does not speak HTTP/2';

/**
 * One HTTP/2 session: connecting → open → retired → closed. Open begins with the peer's SETTINGS, so that its limit of
 * streams is known before the first. A GOAWAY, a vanished peer or the owner retires it: what is under way ends by itself.
 */
export class Connection {
  state: 'connecting' | 'open' | 'retired' | 'closed' = 'connecting';
  /** Its peer takes us; until then it carries one request at a time. */
  isProven: boolean;
  /** Time has passed since. Some peers raise their limit of streams only then, so that others are not opened before. */
  isSettled: boolean;
  hasAnswered = false;
  /** Set with each reply; whoever watches over silence takes it back. */
  heard = true;
  /** Why it could not be opened or broke, such as ECONNREFUSED. */
  problem: string | null = null;
  readonly #session: Session<Exchange>;
  readonly #owner: ConnectionOwner;
  readonly #provenBy: ((status: number) => boolean) | undefined;
  #mostStreams = 0;
  /** The peer has not looked at streams above this one. */
  #lastStreamId = Number.POSITIVE_INFINITY;

  constructor({ origin, ca, provenBy, unindexed = [] }: ConnectionOptions, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#provenBy = provenBy;
    this.isProven = provenBy === undefined;
    this.isSettled = this.isProven;
    const url = new URL(origin);
    const socket = openSocket(url, ca);
    socket.on('error', (error) => {
      const code = codeOf(error);
      this.problem ??= code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' ? NOT_HTTP2 : code;
    });
    // Nothing can be answered any more, even if the peer does not read what would have to leave first.
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
    return this.state === 'open' && this.underWay < (this.isProven ? this.#mostStreams : 1);
  }

  /** Only with room. */
  start(exchange: Exchange): void {
    const stream = this.#session.request(exchange.request.headers, exchange.request.body, exchange);
    if (stream === null) {
      exchange.settle(unanswered('headers that cannot be sent', false));
      queueMicrotask(() => this.#owner.onEnd(exchange, true)); // not within: thousands may follow that are no better
      return;
    }
    exchange.carrier = this;
    exchange.streamId = stream.id;
    if (stream.id > MOST_STREAM_ID) this.retire();
  }

  /** The peer is told, and the exchange ends with what there is. */
  cancel(streamId: number): void {
    this.#session.cancel(streamId);
  }

  retire(): void {
    if (this.state === 'closed' || this.state === 'retired') return;
    this.state = 'retired';
    this.#endWhenEmpty();
  }

  /** Ends it at once, whatever is under way. */
  destroy(problem: string | null = null): void {
    this.problem ??= problem;
    if (this.state === 'open') this.state = 'retired';
    this.#session.destroy();
  }

  /** Calls back once the peer has answered; never when it does not. */
  ping(onPong: () => void): void {
    this.#session.ping(onPong);
  }

  /** Not before: some peers drop what is under way once they are told that nothing more will come. */
  #endWhenEmpty(): void {
    if (this.state === 'retired' && this.underWay === 0) this.#session.end();
  }

  #onSettings(mostStreams: number): void {
    this.#mostStreams = mostStreams;
    if (this.state === 'open') this.isSettled = true;
    if (this.state === 'connecting') this.state = 'open';
    this.#owner.onRoom(this);
  }

  #onHeaders(exchange: Exchange, status: number, headers: FlatHeaders): void {
    exchange.status = status;
    exchange.headers = byName(headers);
    this.heard = true;
    this.hasAnswered = true;
    if (!this.isProven && this.#provenBy?.(status)) this.isProven = true;
  }

  #onStreamEnd(stream: Stream<Exchange>): void {
    const exchange = stream.carried;
    exchange.carrier = null;
    this.#endWhenEmpty();
    if (isAnswer(exchange, stream.isComplete)) {
      const { status, headers, body } = exchange;
      exchange.settle({ kind: 'reply', status, headers, body, connection: this });
      this.#owner.onEnd(exchange, true);
    } else if (!stream.isAnswered && this.#hasNotLooked(stream)) {
      this.#owner.onEnd(exchange, false);
    } else {
      exchange.settle(unanswered(exchange.endedBecause ?? this.#whyEnded(stream), true));
      this.#owner.onEnd(exchange, true);
    }
  }

  /** With an error it is over at once; without, the peer still answers what it has looked at. */
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

  #hasNotLooked({ id, resetCode }: Stream<Exchange>): boolean {
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
  // A write that fails with the handshake would hide why it did.
  socket.cork();
  socket.once('secureConnect', () => socket.uncork());
  return socket;
}

/** All of it came, or as much as we wanted; that of a success tells nothing that its status does not. */
function isAnswer({ status, endedBecause }: Exchange, isComplete: boolean): boolean {
  return isComplete || (status >= 200 && status < 300) || endedBecause === TOO_LONG;
}

/** Of a header that is repeated the first counts. */
function byName(flat: FlatHeaders): Http2Headers {
  const headers: Record<string, string> = {};
  for (let at = 2; at < flat.length; at += 2) headers[flat[at] as string] ??= flat[at + 1] as string;
  return headers;
}

export function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}

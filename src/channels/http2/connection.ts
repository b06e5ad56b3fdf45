import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Exchange, TOO_LONG, unanswered } from './exchange.ts';

export interface ConnectionOptions {
  origin: string;
  /** PEM of the authority that signed the peer's certificate, when it is none that everybody knows. */
  ca?: string | undefined;
  /** Which status proves that the peer takes us; until one has come, the connection carries one request at a time. */
  provenBy?: ((status: number) => boolean) | undefined;
}

/** What the pool is told. */
export interface ConnectionOwner {
  /** It may take more than before. */
  onRoom(connection: Connection): void;
  /** The exchange has its answer, or goes back because the peer has certainly not acted on it. */
  onEnd(exchange: Exchange, isProcessed: boolean): void;
  onClosed(connection: Connection): void;
}

/** A stream carries its exchange, so that all streams share their listeners. */
interface CarryingStream extends ClientHttp2Stream {
  [carried]?: { exchange: Exchange; connection: Connection };
}

const carried = Symbol('carried');
const MOST_STREAM_ID = 2_000_000_000; // they end at 2^31
const withBody = { endStream: false };

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
  underWay = 0;
  /** Why it could not be opened or broke, such as ECONNREFUSED. */
  problem: string | null = null;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #provenBy: ((status: number) => boolean) | undefined;
  #mostStreams = 0;
  /** The peer has not looked at streams above this one. */
  #lastStreamId = Number.POSITIVE_INFINITY;
  #goawayCode = constants.NGHTTP2_NO_ERROR;

  constructor({ origin, ca, provenBy }: ConnectionOptions, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#provenBy = provenBy;
    this.isProven = provenBy === undefined;
    this.isSettled = this.isProven;
    this.#socket = openSocket(new URL(origin), ca);
    this.#session = connect(origin, {
      createConnection: () => this.#socket,
      settings: { enablePush: false },
      // Its own bound would refuse streams of a busy connection; ours is the number of requests under way.
      maxSessionMemory: 256,
    });
    this.#session
      .on('remoteSettings', ({ maxConcurrentStreams }) => this.#onSettings(maxConcurrentStreams))
      .on('goaway', (code, lastStreamId) => this.#onGoaway(code, lastStreamId))
      .on('error', (error) => this.#onError(error))
      .on('close', () => this.#onClosed());
  }

  get hasRoom(): boolean {
    return this.state === 'open' && this.underWay < (this.isProven ? this.#mostStreams : 1);
  }

  /** Only with room. */
  start(exchange: Exchange): void {
    let stream: CarryingStream;
    try {
      stream = this.#session.request(exchange.request.headers, withBody);
    } catch (error) {
      exchange.settle(unanswered(`request ${codeOf(error)}`, false));
      this.#owner.onEnd(exchange, true);
      return;
    }
    this.underWay += 1;
    exchange.stream = stream;
    stream[carried] = { exchange, connection: this };
    stream.on('response', onResponse).on('data', onData).on('close', onClose).on('error', onStreamError);
    stream.end(exchange.request.body);
    if ((stream.id ?? 0) > MOST_STREAM_ID) this.retire();
  }

  onReply(status: number): void {
    this.heard = true;
    this.hasAnswered = true;
    if (this.isProven || !this.#provenBy?.(status)) return;
    this.isProven = true;
  }

  /** A stream has closed. */
  onStreamEnd(exchange: Exchange, stream: ClientHttp2Stream): void {
    this.underWay -= 1;
    exchange.stream = null;
    this.#closeWhenEmpty();
    if (isAnswer(exchange, stream)) {
      const { status, headers, body } = exchange;
      exchange.settle({ kind: 'reply', status, headers, body, connection: this });
      this.#owner.onEnd(exchange, true);
    } else if (exchange.status === 0 && this.#hasNotLooked(stream)) {
      this.#owner.onEnd(exchange, false);
    } else {
      exchange.settle(unanswered(exchange.endedBecause ?? this.#whyEnded(stream), true));
      this.#owner.onEnd(exchange, true);
    }
  }

  retire(): void {
    if (this.state === 'closed' || this.state === 'retired') return;
    this.state = 'retired';
    this.#closeWhenEmpty();
  }

  /** Ends it at once, whatever is under way. */
  destroy(problem: string | null = null): void {
    this.problem ??= problem;
    if (this.state === 'open') this.state = 'retired';
    this.#session.destroy();
    // The session would wait until the peer has taken all and said goodbye; a last word of ours is all it gets.
    setImmediate(() => this.#socket.destroy());
  }

  /** Calls back once the peer has answered; never when it does not. */
  ping(onPong: () => void): void {
    if (this.#session.closed || this.#session.destroyed) return;
    this.#session.ping((error) => {
      if (error === null) onPong();
    });
  }

  /** Not before: some peers drop what is under way once they are told that nothing more will come. */
  #closeWhenEmpty(): void {
    if (this.state === 'retired' && this.underWay === 0 && !this.#session.closed) this.#session.close();
  }

  #onSettings(mostStreams = Number.POSITIVE_INFINITY): void {
    this.#mostStreams = mostStreams;
    if (this.state === 'open') this.isSettled = true;
    if (this.state === 'connecting') this.state = 'open';
    this.#owner.onRoom(this);
  }

  #onGoaway(code: number, lastStreamId: number): void {
    this.#lastStreamId = lastStreamId;
    this.#goawayCode = code;
    if (code !== constants.NGHTTP2_NO_ERROR) this.problem = `goaway ${code}`;
    if (this.state !== 'closed') this.state = 'retired';
  }

  #onError(error: unknown): void {
    this.problem ??= codeOf(error);
  }

  #onClosed(): void {
    this.state = 'closed';
    this.#owner.onClosed(this);
  }

  /** With an error the session gives all its streams that error's code, so that only the last stream's id speaks. */
  #hasNotLooked(stream: ClientHttp2Stream): boolean {
    if (stream.id === undefined || stream.id > this.#lastStreamId) return true;
    return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM && this.#goawayCode === constants.NGHTTP2_NO_ERROR;
  }

  #whyEnded({ rstCode }: ClientHttp2Stream): string {
    if (this.problem !== null) return `closed ${this.problem}`;
    return this.#session.destroyed || rstCode === undefined ? 'closed' : `reset ${rstCode}`;
  }
}

function openSocket({ protocol, hostname, port }: URL, ca: string | undefined): Socket {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'http:') return connectTcp({ host, port: Number(port || 80) });
  return connectTls({
    host,
    port: Number(port || 443),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  });
}

/** All of it came, or as much as we wanted; that of a success tells nothing that its status does not. */
function isAnswer({ status, endedBecause }: Exchange, stream: ClientHttp2Stream): boolean {
  if (status === 0) return false;
  return stream.readableEnded || (status >= 200 && status < 300) || endedBecause === TOO_LONG;
}

function onResponse(this: CarryingStream, headers: IncomingHttpHeaders & { ':status'?: number }): void {
  const of = this[carried];
  if (of === undefined) return;
  of.exchange.status = headers[':status'] ?? 0;
  of.exchange.headers = headers;
  of.connection.onReply(of.exchange.status);
}

function onData(this: CarryingStream, chunk: Buffer): void {
  this[carried]?.exchange.take(chunk);
}

function onClose(this: CarryingStream): void {
  const of = this[carried];
  of?.connection.onStreamEnd(of.exchange, this);
}

function onStreamError(): void {
  // `close` follows, and what is known of the stream then says it all.
}

export function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}

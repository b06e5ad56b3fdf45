import type { Socket } from 'node:net';
import { FrameReader, unpadded } from '../frame-reader.ts';
import { FrameWriter } from '../frame-writer.ts';
import {
  CODE,
  ConnectionError,
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  MAX_FRAME_SIZE,
  MAX_WINDOW,
  PREFACE,
  SETTING,
  settingsPayload,
} from '../frames.ts';
import { type FlatHeaders, HeaderDecoder } from '../header-decoder.ts';
import { HeaderEncoder, headerRoom } from '../header-encoder.ts';
import { CompressionError } from '../huffman.ts';
import { Outgoing, type Sending } from '../outgoing.ts';
import { MAX_BODY_BYTES } from './exchange.ts';

/** The session's state of one request. `carried` is the owner's own object for it. */
export interface Stream<Carried> extends Sending {
  readonly carried: Carried;
  /** The final (not interim) response headers have arrived. */
  isAnswered: boolean;
  /** The whole response has arrived. */
  isComplete: boolean;
  /** The HTTP/2 error code of the reset, whichever end sent it. null: not reset. */
  resetCode: number | null;
}

/** Events that a session reports. Its callbacks may start requests and cancel streams. */
export interface SessionOwner<Carried> {
  /** The peer's SETTINGS have arrived. `mostStreams`: how many streams it allows. */
  onSettings(mostStreams: number): void;
  /** Response headers, never those of an interim response. `status` has three digits. */
  onHeaders(stream: Stream<Carried>, status: number, headers: FlatHeaders): void;
  onData(stream: Stream<Carried>, chunk: Buffer): void;
  /** Called once for each stream. */
  onStreamEnd(stream: Stream<Carried>): void;
  /** Called before the session ends the streams above `lastStream`. */
  onGoaway(code: number, lastStream: number): void;
  /** The peer has broken the protocol: the session ends. */
  onBroken(problem: string): void;
}

const STREAM_WINDOW = 2 * MAX_BODY_BYTES;
const CONNECTION_WINDOW = 16_777_216;
/** Unsent bytes at which we drop a peer that asks PING after PING and reads nothing. */
const MOST_UNSENT = 33_554_432;

/**
 * The client's end of one HTTP/2 connection (RFC 9113), built to be cheap: everything written in one turn of the event loop
 * leaves in one write. It follows the protocol and decides nothing else: the owner decides how many requests there are and
 * what happens to those without an answer. It does not offer push, priorities or trailers.
 */
export class Session<Carried> {
  readonly #socket: Socket;
  readonly #origin: { scheme: string; authority: string };
  readonly #owner: SessionOwner<Carried>;
  readonly #writer: FrameWriter;
  readonly #outgoing: Outgoing<Stream<Carried>>;
  readonly #reader = new FrameReader((type, flags, stream, payload) => this.#frame(type, flags, stream, payload));
  readonly #decoder = new HeaderDecoder();
  readonly #streams = new Map<number, Stream<Carried>>();
  #isClosed = false;
  #isEnded = false;
  /** The peer's SETTINGS have arrived. */
  #hasSettings = false;
  #nextStream = 1;
  #mostStreams = Number.POSITIVE_INFINITY;
  #received = 0;
  #onPong: (() => void) | null = null;

  /** `unindexed`: names of headers that must not go into the peer's header table. */
  constructor(socket: Socket, origin: URL, unindexed: readonly string[], owner: SessionOwner<Carried>) {
    this.#socket = socket;
    this.#origin = { scheme: origin.protocol.slice(0, -1), authority: origin.host };
    this.#owner = owner;
    this.#writer = new FrameWriter(socket, new HeaderEncoder(unindexed));
    this.#outgoing = new Outgoing(this.#writer);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#writer.raw(PREFACE);
    const settings = settingsPayload([
      [SETTING.enablePush, 0],
      [SETTING.initialWindowSize, STREAM_WINDOW],
    ]);
    this.#writer.frame(FRAME.settings, 0, 0, settings);
    this.#writer.windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW);
    this.#writer.flushSoon();
  }

  get streams(): number {
    return this.#streams.size;
  }

  /**
   * Begins a request. Pseudo-headers come first in `headers`. Returns null and sends nothing if the headers cannot be sent:
   * they hold control characters or do not fit into one frame.
   */
  request(headers: Readonly<Record<string, string>>, body: string, carried: Carried): Stream<Carried> | null {
    const room = this.#roomFor(headers);
    if (room === null || this.#isClosed) return null;
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream: Stream<Carried> = {
      id,
      carried,
      isAnswered: false,
      isComplete: false,
      resetCode: null,
      window: this.#outgoing.streamWindow,
      unsent: null,
    };
    this.#streams.set(id, stream);
    this.#writer.beginHeaders(room);
    this.#writer.headers.field(':scheme', this.#origin.scheme);
    this.#writer.headers.field(':authority', this.#origin.authority);
    for (const name in headers) this.#writer.headers.field(name, headers[name] as string);
    this.#writer.endHeaders(id, body === '');
    if (body !== '') this.#outgoing.send(stream, body);
    this.#writer.flushSoon();
    return stream;
  }

  /** Resets a stream and reports its end to the owner. */
  cancel(id: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#reset(stream, CODE.cancel);
  }

  /** Calls back once the peer has answered, or never. A second call replaces the first. */
  ping(onPong: () => void): void {
    if (this.#isClosed) return;
    this.#onPong = onPong;
    this.#writer.frame(FRAME.ping, 0, 0, Buffer.alloc(8));
    this.#writer.flushSoon();
  }

  /** Sends GOAWAY and closes our side of the socket. */
  end(): void {
    if (this.#isClosed || this.#isEnded) return;
    this.#isEnded = true;
    this.#writeGoaway(CODE.noError);
    this.#socket.end();
  }

  /** Ends every stream at once, sends a last GOAWAY and destroys the socket. */
  destroy(code: number = CODE.noError): void {
    if (this.#isClosed) return;
    this.#writeGoaway(code);
    this.closed();
    setImmediate(() => this.#socket.destroy());
  }

  /** Ends every stream because the socket is gone. The owner of the socket calls it. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.stop();
    this.#writer.close();
    for (const stream of this.#streams.values()) this.#endStream(stream);
  }

  #roomFor(headers: Readonly<Record<string, string>>): number | null {
    let room = headerRoom(':scheme', this.#origin.scheme) + headerRoom(':authority', this.#origin.authority);
    for (const name in headers) {
      const value = headers[name] as string;
      if (!this.#writer.headers.isKnown(name, value) && !isValue(value)) return null;
      room += headerRoom(name, value);
    }
    return room <= MAX_FRAME_SIZE ? room : null;
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#fail(error);
    }
    this.#writer.flushSoon();
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (!this.#hasSettings && (type !== FRAME.settings || (flags & FLAG.ack) !== 0))
      throw new ConnectionError(CODE.protocolError, 'does not begin with SETTINGS');
    if (type === FRAME.data) this.#data(flags, id, payload);
    else if (type === FRAME.headers) this.#headers(flags, id, payload);
    else if (type === FRAME.windowUpdate) this.#windowUpdate(id, payload);
    else if (type === FRAME.rstStream) this.#rstStream(id, payload);
    else if (type === FRAME.settings) this.#settings(flags, id, payload);
    else if (type === FRAME.ping) this.#ping(flags, id, payload);
    else if (type === FRAME.goaway) this.#goaway(id, payload);
    else if (type === FRAME.pushPromise) throw new ConnectionError(CODE.protocolError, 'pushes, which we do not allow');
    // PRIORITY and unknown frames are ignored (RFC 9113 §5.5).
  }

  /** Undefined for a stream that has ended: the peer may not know yet. */
  #streamOf(id: number): Stream<Carried> | undefined {
    if (id % 2 === 0 || id >= this.#nextStream)
      throw new ConnectionError(CODE.protocolError, 'speaks on a stream that was never opened');
    return this.#streams.get(id);
  }

  #headers(flags: number, id: number, block: Buffer): void {
    const headers = this.#decoder.decode(block); // always, because both ends must keep the same header table
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    const isEnd = (flags & FLAG.endStream) !== 0;
    if (!stream.isAnswered) {
      const status = headers[0] === ':status' && /^[1-9]\d\d$/.test(headers[1] ?? '') ? Number(headers[1]) : 0;
      const isInterim = status >= 100 && status < 200;
      if (status === 0 || (isInterim && isEnd)) this.#reset(stream, CODE.protocolError);
      else if (!isInterim) {
        stream.isAnswered = true;
        this.#owner.onHeaders(stream, status, headers);
      }
    } else if (!isEnd) this.#reset(stream, CODE.protocolError); // trailers end an answer
    if (isEnd) this.#complete(stream);
  }

  #data(flags: number, id: number, payload: Buffer): void {
    this.#returnWindow(payload.length);
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    const chunk = unpadded(flags, payload);
    if (!stream.isAnswered) this.#reset(stream, CODE.protocolError);
    else if (chunk.length > 0) this.#owner.onData(stream, chunk);
    if ((flags & FLAG.endStream) !== 0) this.#complete(stream);
  }

  /** Widens the connection's window in large steps. A stream's window needs no update: a response that fills it is cut. */
  #returnWindow(octets: number): void {
    this.#received += octets;
    if (this.#received < CONNECTION_WINDOW / 2) return;
    this.#writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  #complete(stream: Stream<Carried>): void {
    if (!this.#streams.has(stream.id)) return;
    stream.isComplete = true;
    // The peer answered before it had the whole body, so it wants no more of it (RFC 9113 §8.1).
    if (stream.unsent !== null) this.#writer.rstStream(stream.id, CODE.noError);
    this.#endStream(stream);
  }

  #reset(stream: Stream<Carried>, code: number): void {
    this.#writer.rstStream(stream.id, code);
    this.#writer.flushSoon();
    stream.resetCode = code;
    this.#endStream(stream);
  }

  #endStream(stream: Stream<Carried>): void {
    this.#streams.delete(stream.id);
    this.#outgoing.drop(stream);
    this.#owner.onStreamEnd(stream);
  }

  #rstStream(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'an RST_STREAM has four octets');
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    stream.resetCode = payload.readUInt32BE(0);
    this.#endStream(stream);
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'a WINDOW_UPDATE has four octets');
    const increment = payload.readUInt32BE(0) & MAX_WINDOW;
    if (increment === 0) throw new ConnectionError(CODE.protocolError, 'updates a window by nothing');
    const stream = id === 0 ? null : this.#streamOf(id);
    if (stream !== undefined) this.#outgoing.widen(stream, increment);
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'sends SETTINGS for a stream');
    if ((flags & FLAG.ack) !== 0 && payload.length > 0)
      throw new ConnectionError(CODE.frameSizeError, 'an acknowledgement of SETTINGS is empty');
    if ((flags & FLAG.ack) !== 0) return;
    if (payload.length % 6 !== 0) throw new ConnectionError(CODE.frameSizeError, 'a setting has six octets');
    // The acknowledgement goes first: for the peer, the new settings apply to everything after it.
    this.#reply(FRAME.settings, Buffer.alloc(0));
    for (let at = 0; at < payload.length; at += 6) this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    this.#hasSettings = true;
    this.#owner.onSettings(this.#mostStreams);
  }

  #set(setting: number, value: number): void {
    if (setting === SETTING.maxConcurrentStreams) this.#mostStreams = value;
    else if (setting === SETTING.headerTableSize) this.#writer.headers.limitTable(value);
    else if (setting === SETTING.initialWindowSize) this.#outgoing.resize(value, this.#streams.values());
  }

  #ping(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'sends PING for a stream');
    if (payload.length !== 8) throw new ConnectionError(CODE.frameSizeError, 'a PING has eight octets');
    if ((flags & FLAG.ack) === 0) {
      this.#reply(FRAME.ping, payload);
      return;
    }
    const onPong = this.#onPong;
    this.#onPong = null;
    onPong?.();
  }

  #reply(type: number, payload: Buffer): void {
    if (this.#socket.writableLength > MOST_UNSENT)
      throw new ConnectionError(CODE.enhanceYourCalm, 'asks and does not read');
    this.#writer.frame(type, FLAG.ack, 0, payload);
  }

  #goaway(id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'sends GOAWAY for a stream');
    if (payload.length < 8) throw new ConnectionError(CODE.frameSizeError, 'a GOAWAY has eight octets');
    const lastStream = payload.readUInt32BE(0) & MAX_WINDOW;
    this.#owner.onGoaway(payload.readUInt32BE(4), lastStream);
    for (const stream of this.#streams.values()) if (stream.id > lastStream) this.#endStream(stream);
  }

  #writeGoaway(code: number): void {
    const payload = Buffer.alloc(8); // last stream 0: we never process a stream that the peer opens
    payload.writeUInt32BE(code, 4);
    this.#writer.frame(FRAME.goaway, 0, 0, payload);
    this.#writer.flush();
  }

  #fail(error: unknown): void {
    if (!(error instanceof ConnectionError || error instanceof CompressionError)) throw error;
    this.#owner.onBroken(this.#hasSettings ? error.message : 'does not speak HTTP/2');
    this.destroy(error instanceof ConnectionError ? error.code : CODE.compressionError);
  }
}

/** True if every character is allowed in a header's value and is one octet. Source: RFC 9110 §5.5. */
function isValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

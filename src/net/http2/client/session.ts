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

/** What the session does for one request; the owner finds its own part again as `carried`. */
export interface Stream<Carried> extends Sending {
  readonly carried: Carried;
  /** The final headers have come. */
  isAnswered: boolean;
  /** The answer is whole. */
  isComplete: boolean;
  /** With which code it was reset, by either end. */
  resetCode: number | null;
}

/** What a session tells. In its callbacks requests may be started and streams be cancelled. */
export interface SessionOwner<Carried> {
  /** The peer's SETTINGS: how many streams it allows. */
  onSettings(mostStreams: number): void;
  /** Headers of an answer, not of an interim one; `:status` is a number of three digits. */
  onHeaders(stream: Stream<Carried>, status: number, headers: FlatHeaders): void;
  onData(stream: Stream<Carried>, chunk: Buffer): void;
  /** Once for each stream. */
  onStreamEnd(stream: Stream<Carried>): void;
  /** Streams above `lastStream` are ended after this. */
  onGoaway(code: number, lastStream: number): void;
  /** The peer has broken the protocol: the session ends. */
  onBroken(problem: string): void;
}

const STREAM_WINDOW = 2 * MAX_BODY_BYTES;
const CONNECTION_WINDOW = 16_777_216;
/** A peer that reads nothing and has us answer PING after PING is let go at this. */
const MOST_UNSENT = 33_554_432;

/**
 * The client's end of one HTTP/2 connection (RFC 9113), made to cost little: all that is said in one turn of the event loop
 * leaves in one write. It keeps the protocol and decides nothing: how many requests there are and what becomes of those
 * without an answer is the owner's. Not offered: push, priorities, trailers.
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
  /** The peer's have come. */
  #hasSettings = false;
  #nextStream = 1;
  #mostStreams = Number.POSITIVE_INFINITY;
  #received = 0;
  #onPong: (() => void) | null = null;

  /** `unindexed`: headers that the peer is not to remember. */
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
   * Begins a request; null, and nothing is sent, when its headers cannot be: control characters, or too many octets for one
   * frame. Pseudo-headers come first among them.
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

  /** Ends a stream: the peer is told, and the owner. */
  cancel(id: number): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#reset(stream, CODE.cancel);
  }

  /** Calls back once the peer has answered; never when it does not. A second asks instead of the first. */
  ping(onPong: () => void): void {
    if (this.#isClosed) return;
    this.#onPong = onPong;
    this.#writer.frame(FRAME.ping, 0, 0, Buffer.alloc(8));
    this.#writer.flushSoon();
  }

  /** Says that nothing more comes, and closes our side. */
  end(): void {
    if (this.#isClosed || this.#isEnded) return;
    this.#isEnded = true;
    this.#sayGoodbye(CODE.noError);
    this.#socket.end();
  }

  /** Ends all at once, whatever is under way; the peer gets a last word. */
  destroy(code: number = CODE.noError): void {
    if (this.#isClosed) return;
    this.#sayGoodbye(code);
    this.closed();
    setImmediate(() => this.#socket.destroy());
  }

  /** The socket is gone: so is every stream. To be told by who watches over it. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reader.stop();
    this.#writer.close();
    for (const stream of this.#streams.values()) this.#over(stream);
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
    // PRIORITY and what we do not know is passed over (RFC 9113 §5.5).
  }

  /** Undefined for a stream that is over: the peer may not have known. */
  #streamOf(id: number): Stream<Carried> | undefined {
    if (id % 2 === 0 || id >= this.#nextStream)
      throw new ConnectionError(CODE.protocolError, 'speaks on a stream that was never opened');
    return this.#streams.get(id);
  }

  #headers(flags: number, id: number, block: Buffer): void {
    const headers = this.#decoder.decode(block); // in any case: both ends must agree on the table
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
    this.#took(payload.length);
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    const chunk = unpadded(flags, payload);
    if (!stream.isAnswered) this.#reset(stream, CODE.protocolError);
    else if (chunk.length > 0) this.#owner.onData(stream, chunk);
    if ((flags & FLAG.endStream) !== 0) this.#complete(stream);
  }

  /** Gives the peer's window back in large steps. A stream's own need not be: an answer that fills it is cut. */
  #took(octets: number): void {
    this.#received += octets;
    if (this.#received < CONNECTION_WINDOW / 2) return;
    this.#writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  #complete(stream: Stream<Carried>): void {
    if (!this.#streams.has(stream.id)) return;
    stream.isComplete = true;
    // Answered before all was sent: no more of it is wanted (RFC 9113 §8.1).
    if (stream.unsent !== null) this.#writer.rstStream(stream.id, CODE.noError);
    this.#over(stream);
  }

  #reset(stream: Stream<Carried>, code: number): void {
    this.#writer.rstStream(stream.id, code);
    this.#writer.flushSoon();
    stream.resetCode = code;
    this.#over(stream);
  }

  #over(stream: Stream<Carried>): void {
    this.#streams.delete(stream.id);
    this.#outgoing.drop(stream);
    this.#owner.onStreamEnd(stream);
  }

  #rstStream(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'an RST_STREAM has four octets');
    const stream = this.#streamOf(id);
    if (stream === undefined) return;
    stream.resetCode = payload.readUInt32BE(0);
    this.#over(stream);
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
    // Before anything that uses them: for the peer they hold from here on.
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
    for (const stream of this.#streams.values()) if (stream.id > lastStream) this.#over(stream);
  }

  #sayGoodbye(code: number): void {
    const payload = Buffer.alloc(8); // no stream of the peer's was ever looked at
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

/** Characters that a header's value may have, each an octet. Source: RFC 9110 §5.5. */
function isValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

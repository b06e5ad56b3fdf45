import type { Socket } from 'node:net';
import { type Answer, header, type Reaction, type WireConnection, type WireRequest } from '../../wire.ts';
import { FrameReader, unpadded } from '../frame-reader.ts';
import { FrameWriter } from '../frame-writer.ts';
import {
  CODE,
  ConnectionError,
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  MAX_WINDOW,
  PREFACE,
  SETTING,
  settingsPayload,
} from '../frames.ts';
import { Gathered } from '../gathered.ts';
import { HeaderDecoder } from '../header-decoder.ts';
import { headerRoom } from '../header-encoder.ts';
import { CompressionError } from '../huffman.ts';
import { Outgoing, type Sending } from '../outgoing.ts';

export interface Http2Options {
  /** Called once for each request, when it is complete or its body is too long. */
  onRequest(request: WireRequest): Reaction;
  /** Number of streams that a new client may have open. */
  maxStreams: number;
  /** A longer body is cut, and its request is passed on at once. At most half of our window. */
  maxBodyBytes: number;
  /** Debug data that is sent with GOAWAY. */
  goAwayText: string;
}

/** A stream lives from its HEADERS until it is answered and its request has ended, or until either end resets it. */
interface Stream extends Sending {
  headers: readonly string[];
  body: Gathered;
  bodyBytes: number;
  isComplete: boolean;
  /** `onRequest` has been called for it, which happens once, even if the body was cut. */
  isHandled: boolean;
}

const OUR_STREAM_WINDOW = 1_048_576;
const OUR_CONNECTION_WINDOW = 16_777_216;

/**
 * The server's end of one HTTP/2 connection (RFC 9113), built to be cheap: frames are parsed without copies, headers stay
 * flat, and the answers of one turn of the event loop leave in one write. Life: preface → open → (GOAWAY sent or received →
 * finishing) → closed. It does not offer push, priorities or trailers in answers.
 */
export class Http2Connection implements WireConnection {
  readonly isHttp2 = true;
  requests = 0;
  readonly #socket: Socket;
  readonly #options: Http2Options;
  readonly #writer: FrameWriter;
  readonly #reader = new FrameReader((type, flags, stream, payload) => this.#frame(type, flags, stream, payload));
  readonly #outgoing: Outgoing<Stream>;
  readonly #decoder = new HeaderDecoder();
  readonly #streams = new Map<number, Stream>();
  /** Bytes received while the preface is incomplete. null: it is complete. */
  #opening: Buffer | null = Buffer.alloc(0);
  #lastStream = 0;
  /** The last stream that a GOAWAY promised to answer. */
  #lastPromised = MAX_WINDOW;
  #isFinishing = false;
  #isClosed = false;
  /** Limits of streams that we have announced and the client has not acknowledged, so they do not bind it yet. */
  #unacknowledged: number[] = [];
  #acknowledgedStreams = MAX_WINDOW;
  #received = 0;

  constructor(socket: Socket, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#writer = new FrameWriter(socket);
    this.#outgoing = new Outgoing(this.#writer, (stream) => this.#sent(stream));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => socket.resume());
    // Clients reset connections all the time. 'close' follows, and that handler cleans up.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.#stop();
      this.#writer.close();
      this.#streams.clear();
    });
    this.#settings([
      [SETTING.maxConcurrentStreams, options.maxStreams],
      [SETTING.initialWindowSize, OUR_STREAM_WINDOW],
    ]);
    this.#unacknowledged.push(options.maxStreams);
    this.#writer.windowUpdate(0, OUR_CONNECTION_WINDOW - DEFAULT_WINDOW);
    this.#writer.flushSoon();
  }

  allowStreams(most: number): void {
    this.#settings([[SETTING.maxConcurrentStreams, most]]);
    this.#unacknowledged.push(most);
  }

  goAway(): void {
    this.#sendGoAway(CODE.noError, this.#lastStream);
  }

  /** Tears the connection down. */
  destroy(): void {
    this.#stop();
    this.#socket.destroy();
  }

  #stop(): void {
    this.#isClosed = true;
    this.#reader.stop();
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      if (this.#opening === null) this.#reader.read(chunk);
      else this.#open(Buffer.concat([this.#opening, chunk]));
    } catch (error) {
      this.#fail(error);
    }
    this.#writer.flush();
    if (this.#socket.writableNeedDrain) this.#socket.pause();
  }

  #open(bytes: Buffer): void {
    const length = Math.min(bytes.length, PREFACE.length);
    if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) {
      throw new ConnectionError(CODE.protocolError, 'the connection does not begin as HTTP/2 does');
    }
    this.#opening = bytes.length < PREFACE.length ? bytes : null;
    if (this.#opening === null) this.#reader.read(bytes.subarray(PREFACE.length));
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === FRAME.data) this.#data(flags, stream, payload);
    else if (type === FRAME.headers) this.#headers(flags, stream, payload);
    else if (type === FRAME.windowUpdate) this.#windowUpdate(stream, payload);
    else if (type === FRAME.settings) this.#settingsFrame(flags, stream, payload);
    else if (type === FRAME.ping) this.#ping(flags, stream, payload);
    else if (type === FRAME.rstStream) this.#rstStream(stream, payload);
    else if (type === FRAME.goaway) this.#isFinishing = true;
    else if (type === FRAME.pushPromise) throw new ConnectionError(CODE.protocolError, 'a client does not push');
    // PRIORITY and unknown frames are ignored (RFC 9113 §5.5).
    if (this.#isFinishing) this.#endWhenIdle();
  }

  #headers(flags: number, id: number, block: Buffer): void {
    if (id % 2 === 0) throw new ConnectionError(CODE.protocolError, 'a client opens odd streams');
    // Always decoded, because both ends must keep the same header table.
    const headers = this.#decoder.decode(block);
    const known = this.#streams.get(id);
    if (known !== undefined) {
      if ((flags & FLAG.endStream) === 0) throw new ConnectionError(CODE.protocolError, 'trailers end a request');
      this.#complete(known);
      return;
    }
    if (id <= this.#lastStream) throw new ConnectionError(CODE.streamClosed, 'the stream was used before');
    if (id > this.#lastPromised) return;
    this.#lastStream = id;
    if (this.#streams.size >= this.#acknowledgedStreams) {
      this.#writer.rstStream(id, CODE.refusedStream);
      return;
    }
    const stream = newStream(id, headers, this.#outgoing.streamWindow);
    this.#streams.set(id, stream);
    if ((flags & FLAG.endStream) !== 0) this.#complete(stream);
  }

  #data(flags: number, id: number, payload: Buffer): void {
    const wasOpened = id <= this.#lastStream || id > this.#lastPromised;
    if (id === 0 || !wasOpened) throw new ConnectionError(CODE.protocolError, 'data for a stream that is not open');
    this.#returnWindow(payload.length);
    const stream = this.#streams.get(id);
    // We have reset it or answered early; the client may not know yet.
    if (stream === undefined) return;
    if (stream.isComplete) throw new ConnectionError(CODE.streamClosed, 'data after the end of a request');
    const body = unpadded(flags, payload);
    stream.bodyBytes += body.length;
    if (body.length > 0 && !stream.isHandled) stream.body.add(body);
    if ((flags & FLAG.endStream) !== 0) this.#complete(stream);
    else if (stream.bodyBytes > this.#options.maxBodyBytes) this.#request(stream);
  }

  /** Widens the connection's window in large steps. */
  #returnWindow(octets: number): void {
    this.#received += octets;
    if (this.#received < OUR_CONNECTION_WINDOW / 2) return;
    this.#writer.windowUpdate(0, this.#received);
    this.#received = 0;
  }

  #complete(stream: Stream): void {
    if (stream.isComplete) throw new ConnectionError(CODE.streamClosed, 'a request ends twice');
    stream.isComplete = true;
    this.#request(stream);
  }

  #request(stream: Stream): void {
    if (stream.isHandled) return;
    stream.isHandled = true;
    const method = header(stream, ':method');
    const path = header(stream, ':path');
    if (method === undefined || path === undefined) {
      this.#reset(stream, CODE.protocolError);
      return;
    }
    this.requests += 1;
    const reaction = this.#options.onRequest({
      method,
      path,
      headers: stream.headers,
      body: stream.body.bytes,
      isOversize: stream.bodyBytes > this.#options.maxBodyBytes,
      connection: this,
    });
    stream.body = new Gathered();
    if (reaction.afterMs === undefined || reaction.afterMs <= 0) this.#react(stream, reaction);
    else setTimeout(() => this.#reactLater(stream, reaction), reaction.afterMs).unref();
  }

  #reactLater(stream: Stream, reaction: Reaction): void {
    if (this.#isClosed || this.#streams.get(stream.id) !== stream) return;
    this.#react(stream, reaction);
    this.#writer.flushSoon();
  }

  #react(stream: Stream, reaction: Reaction): void {
    if (reaction.kind === 'answer') this.#answer(stream, reaction.answer);
    else if (reaction.kind === 'truncate') this.#truncate(stream, reaction.answer);
    else if (reaction.kind === 'reset') this.#reset(stream, CODE.internalError);
    else if (reaction.kind === 'close') this.destroy();
    else if (reaction.kind === 'unprocessed') this.#exclude(stream);
    if (this.#isFinishing) this.#endWhenIdle();
  }

  #answer(stream: Stream, { status, headers, body }: Answer): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.#writeHeaders(stream.id, status, headers, bytes.length === 0);
    if (bytes.length === 0) this.#sent(stream);
    else this.#outgoing.send(stream, bytes);
  }

  #writeHeaders(stream: number, status: number, headers: Answer['headers'], isEnd: boolean): void {
    let room = headerRoom(':status', '000');
    for (const [name, value] of headers) room += headerRoom(name, value);
    this.#writer.beginHeaders(room);
    this.#writer.headers.field(':status', String(status));
    for (const [name, value] of headers) this.#writer.headers.field(name, value);
    this.#writer.endHeaders(stream, isEnd);
  }

  #truncate(stream: Stream, { status, headers, body }: Answer): void {
    const bytes = Buffer.from(body);
    this.#writeHeaders(stream.id, status, headers, false);
    this.#outgoing.sendSome(stream, bytes.subarray(0, bytes.length >> 1));
    this.#reset(stream, CODE.internalError);
  }

  #sent(stream: Stream): void {
    // We answered before the request ended: tell the client to stop sending (RFC 9113 §8.1).
    if (!stream.isComplete) this.#writer.rstStream(stream.id, CODE.noError);
    this.#forget(stream);
  }

  #reset(stream: Stream, code: number): void {
    this.#writer.rstStream(stream.id, code);
    this.#forget(stream);
  }

  #forget(stream: Stream): void {
    this.#streams.delete(stream.id);
    this.#outgoing.drop(stream);
  }

  /** Sends a GOAWAY that declares this stream and later ones unprocessed. Earlier streams are still answered. */
  #exclude(stream: Stream): void {
    for (const one of this.#streams.values()) if (one.id >= stream.id) this.#forget(one);
    this.#sendGoAway(CODE.noError, Math.max(stream.id - 2, 0));
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'a WINDOW_UPDATE has four octets');
    const increment = payload.readUInt32BE(0) & MAX_WINDOW;
    if (increment === 0) throw new ConnectionError(CODE.protocolError, 'a WINDOW_UPDATE of nothing');
    const stream = id === 0 ? null : this.#streams.get(id);
    if (stream !== undefined) this.#outgoing.widen(stream, increment);
  }

  #settingsFrame(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'SETTINGS belong to the connection');
    if ((flags & FLAG.ack) !== 0) {
      this.#acknowledgedStreams = this.#unacknowledged.shift() ?? this.#acknowledgedStreams;
      return;
    }
    if (payload.length % 6 !== 0) throw new ConnectionError(CODE.frameSizeError, 'a setting has six octets');
    // The acknowledgement goes first, because nothing that uses the new settings may precede it.
    this.#writer.frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0));
    for (let at = 0; at < payload.length; at += 6) {
      const [setting, value] = [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
      if (setting === SETTING.initialWindowSize) this.#outgoing.resize(value, this.#streams.values());
      else if (setting === SETTING.headerTableSize) this.#writer.headers.limitTable(value);
    }
  }

  #ping(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'PING belongs to the connection');
    if (payload.length !== 8) throw new ConnectionError(CODE.frameSizeError, 'a PING has eight octets');
    if ((flags & FLAG.ack) === 0) this.#writer.frame(FRAME.ping, FLAG.ack, 0, payload);
  }

  #rstStream(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'an RST_STREAM has four octets');
    if (id === 0 || id > this.#lastStream) throw new ConnectionError(CODE.protocolError, 'a reset of no stream');
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#forget(stream);
  }

  #settings(settings: readonly (readonly [number, number])[]): void {
    this.#writer.frame(FRAME.settings, 0, 0, settingsPayload(settings));
  }

  #sendGoAway(code: number, lastStream: number): void {
    this.#lastPromised = Math.min(this.#lastPromised, lastStream);
    this.#isFinishing = true;
    const payload = Buffer.alloc(8 + Buffer.byteLength(this.#options.goAwayText));
    payload.writeUInt32BE(this.#lastPromised, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(this.#options.goAwayText, 8);
    this.#writer.frame(FRAME.goaway, 0, 0, payload);
    this.#writer.flushSoon();
  }

  #endWhenIdle(): void {
    if (this.#streams.size > 0 || this.#isClosed) return;
    this.#writer.flush();
    this.#socket.end();
  }

  #fail(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : CODE.compressionError;
    if (!(error instanceof ConnectionError || error instanceof CompressionError)) throw error;
    this.#streams.clear();
    this.#sendGoAway(code, this.#lastStream);
    this.#writer.flush();
    this.#stop();
    this.#socket.end();
  }
}

function newStream(id: number, headers: readonly string[], window: number): Stream {
  return { id, headers, body: new Gathered(), bodyBytes: 0, isComplete: false, isHandled: false, window, unsent: null };
}

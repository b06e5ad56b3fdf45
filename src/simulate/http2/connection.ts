import type { Socket } from 'node:net';
import { type Answer, header, type Reaction, type WireConnection, type WireRequest } from '../wire.ts';
import { HeaderDecoder } from './decode-headers.ts';
import {
  CODE,
  ConnectionError,
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  FRAME_HEADER_SIZE,
  MAX_FRAME_SIZE,
  MAX_WINDOW,
  PREFACE,
  SETTING,
  settingsPayload,
} from './frames.ts';
import { CompressionError } from './huffman.ts';
import { FrameWriter } from './writer.ts';

export interface Http2Options {
  /** Called once a request is complete, in the order in which they end. */
  onRequest(request: WireRequest): Reaction;
  /** Streams a client may open at first. */
  maxStreams: number;
  /** Bodies longer than this are handed over cut, at once. At most half of our window. */
  maxBodyBytes: number;
  /** Sent with GOAWAY. */
  goAwayText: string;
}

/**
 * A stream lives from its HEADERS until it is answered and the request has ended, or either end resets it. `rest` is
 * what flow control does not let us send yet.
 */
interface Stream {
  id: number;
  headers: readonly string[];
  body: Buffer[];
  bodyBytes: number;
  isComplete: boolean;
  /** Its request has been handed over: once, also when the body was cut. */
  isTaken: boolean;
  window: number;
  rest: Buffer | null;
}

const OUR_STREAM_WINDOW = 1_048_576;
const OUR_CONNECTION_WINDOW = 16_777_216;
const MAX_HEADER_BLOCK = 65_536;

/**
 * The server's end of one HTTP/2 connection (RFC 9113), made to cost little: frames are parsed where they lie, headers
 * stay flat, answers of one turn of the event loop leave in one write. Life: preface → open → (GOAWAY sent or received →
 * finishing) → closed. Not offered: push, priorities, trailers in answers.
 */
export class Http2Connection implements WireConnection {
  readonly isHttp2 = true;
  requests = 0;
  readonly #socket: Socket;
  readonly #options: Http2Options;
  readonly #writer: FrameWriter;
  readonly #decoder = new HeaderDecoder();
  readonly #streams = new Map<number, Stream>();
  #unread: Buffer = Buffer.alloc(0);
  #hasPreface = false;
  #lastStream = 0;
  /** The last stream we promised to answer, once GOAWAY has been sent. */
  #lastPromised = MAX_WINDOW;
  #isFinishing = false;
  #isClosed = false;
  /** Of our SETTINGS only what the client has acknowledged binds it. */
  #unacknowledged: (number | null)[] = [];
  #boundToStreams = MAX_WINDOW;
  #clientStreamWindow = DEFAULT_WINDOW;
  #sendWindow = DEFAULT_WINDOW;
  #received = 0;
  /** HEADERS without END_HEADERS: nothing but its CONTINUATION may follow. */
  #block: { stream: number; flags: number; parts: Buffer[]; bytes: number } | null = null;

  constructor(socket: Socket, options: Http2Options) {
    this.#socket = socket;
    this.#options = options;
    this.#writer = new FrameWriter(socket);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('drain', () => socket.resume());
    // A reset by the other end is daily bread here: 'close' follows, and that is where we let go.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.#isClosed = true;
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
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    try {
      this.#unread = bytes.subarray(this.#consume(bytes));
    } catch (error) {
      this.#fail(error);
    }
    this.#writer.flush();
    if (this.#socket.writableNeedDrain) this.#socket.pause();
  }

  /** Handles every whole frame; how many octets that were. */
  #consume(bytes: Buffer): number {
    let at = this.#hasPreface ? 0 : this.#preface(bytes);
    while (this.#hasPreface && !this.#isClosed && bytes.length - at >= FRAME_HEADER_SIZE) {
      const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      if (length > MAX_FRAME_SIZE) throw new ConnectionError(CODE.frameSizeError, 'a frame is too large');
      const end = at + FRAME_HEADER_SIZE + length;
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & MAX_WINDOW;
      const payload = bytes.subarray(at + FRAME_HEADER_SIZE, end);
      this.#frame(bytes[at + 3] as number, bytes[at + 4] as number, stream, payload);
      at = end;
    }
    return at;
  }

  #preface(bytes: Buffer): number {
    const length = Math.min(bytes.length, PREFACE.length);
    if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) {
      throw new ConnectionError(CODE.protocolError, 'the connection does not begin as HTTP/2 does');
    }
    this.#hasPreface = bytes.length >= PREFACE.length;
    return this.#hasPreface ? PREFACE.length : 0;
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.#block !== null && (type !== FRAME.continuation || stream !== this.#block.stream)) {
      throw new ConnectionError(CODE.protocolError, 'a header block is interrupted');
    }
    if (type === FRAME.data) this.#data(flags, stream, payload);
    else if (type === FRAME.headers) this.#headers(flags, stream, payload);
    else if (type === FRAME.continuation) this.#continuation(flags, payload);
    else if (type === FRAME.windowUpdate) this.#windowUpdate(stream, payload);
    else if (type === FRAME.settings) this.#settingsFrame(flags, stream, payload);
    else if (type === FRAME.ping) this.#ping(flags, stream, payload);
    else if (type === FRAME.rstStream) this.#rstStream(stream, payload);
    else if (type === FRAME.goaway) this.#isFinishing = true;
    else if (type === FRAME.pushPromise) throw new ConnectionError(CODE.protocolError, 'a client does not push');
    // PRIORITY and what we do not know is passed over (RFC 9113 §5.5).
    if (this.#isFinishing) this.#endWhenIdle();
  }

  #headers(flags: number, id: number, payload: Buffer): void {
    if (id % 2 === 0) throw new ConnectionError(CODE.protocolError, 'a client opens odd streams');
    let block = unpadded(flags, payload);
    if ((flags & FLAG.priority) !== 0) block = block.subarray(5);
    if ((flags & FLAG.endHeaders) !== 0) this.#headerBlock(id, flags, block);
    else this.#block = { stream: id, flags, parts: [block], bytes: block.length };
  }

  #continuation(flags: number, payload: Buffer): void {
    const block = this.#block;
    if (block === null) throw new ConnectionError(CODE.protocolError, 'nothing is to be continued');
    block.parts.push(payload);
    block.bytes += payload.length;
    if (block.bytes > MAX_HEADER_BLOCK) throw new ConnectionError(CODE.enhanceYourCalm, 'the headers are too large');
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = null;
    this.#headerBlock(block.stream, block.flags, Buffer.concat(block.parts));
  }

  #headerBlock(id: number, flags: number, block: Buffer): void {
    // Decoded in any case: both ends must agree on the table.
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
    if (this.#streams.size >= this.#boundToStreams) {
      this.#writer.rstStream(id, CODE.refusedStream);
      return;
    }
    const stream = newStream(id, headers, this.#clientStreamWindow);
    this.#streams.set(id, stream);
    if ((flags & FLAG.endStream) !== 0) this.#complete(stream);
  }

  #data(flags: number, id: number, payload: Buffer): void {
    const wasOpened = id <= this.#lastStream || id > this.#lastPromised;
    if (id === 0 || !wasOpened) throw new ConnectionError(CODE.protocolError, 'data for a stream that is not open');
    this.#took(payload.length);
    const stream = this.#streams.get(id);
    // Reset or answered early by us; the client may not know yet.
    if (stream === undefined) return;
    if (stream.isComplete) throw new ConnectionError(CODE.streamClosed, 'data after the end of a request');
    const body = unpadded(flags, payload);
    stream.bodyBytes += body.length;
    if (body.length > 0 && !stream.isTaken) stream.body.push(body);
    if ((flags & FLAG.endStream) !== 0) this.#complete(stream);
    else if (stream.bodyBytes > this.#options.maxBodyBytes) this.#request(stream);
  }

  /** Gives the client's window back in large steps. */
  #took(octets: number): void {
    this.#received += octets;
    if (this.#received > OUR_CONNECTION_WINDOW) throw new ConnectionError(CODE.flowControlError, 'more than allowed');
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
    if (stream.isTaken) return;
    stream.isTaken = true;
    const method = header(stream, ':method');
    const path = header(stream, ':path');
    if (method === undefined || path === undefined) {
      this.#reset(stream, CODE.protocolError);
      return;
    }
    this.requests += 1;
    const [first = Buffer.alloc(0)] = stream.body;
    const reaction = this.#options.onRequest({
      method,
      path,
      headers: stream.headers,
      body: stream.body.length < 2 ? first : Buffer.concat(stream.body),
      isOversize: stream.bodyBytes > this.#options.maxBodyBytes,
      connection: this,
    });
    stream.body = [];
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
    else if (reaction.kind === 'unprocessed') this.#leaveOut(stream);
    if (this.#isFinishing) this.#endWhenIdle();
  }

  #answer(stream: Stream, { status, headers, body }: Answer): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.#writer.headers(stream.id, status, headers, bytes.length === 0);
    if (bytes.length === 0) this.#sent(stream);
    else this.#send(stream, bytes);
  }

  #truncate(stream: Stream, { status, headers, body }: Answer): void {
    const bytes = Buffer.from(body);
    this.#writer.headers(stream.id, status, headers, false);
    const half = Math.min(bytes.length >> 1, stream.window, this.#sendWindow, MAX_FRAME_SIZE);
    this.#writer.data(stream.id, bytes.subarray(0, half), false);
    this.#sendWindow -= half;
    this.#reset(stream, CODE.internalError);
  }

  #send(stream: Stream, body: Buffer): void {
    let at = 0;
    while (at < body.length) {
      const length = Math.min(body.length - at, stream.window, this.#sendWindow, MAX_FRAME_SIZE);
      if (length <= 0) break;
      stream.window -= length;
      this.#sendWindow -= length;
      this.#writer.data(stream.id, body.subarray(at, at + length), at + length === body.length);
      at += length;
    }
    stream.rest = at < body.length ? body.subarray(at) : null;
    if (stream.rest === null) this.#sent(stream);
  }

  #sent(stream: Stream): void {
    // An answer before the end of the request: the client shall stop sending (RFC 9113 §8.1).
    if (!stream.isComplete) this.#writer.rstStream(stream.id, CODE.noError);
    this.#streams.delete(stream.id);
  }

  #reset(stream: Stream, code: number): void {
    this.#writer.rstStream(stream.id, code);
    this.#streams.delete(stream.id);
  }

  /** The streams from this one on count as never seen; those before it are still answered. */
  #leaveOut(stream: Stream): void {
    for (const id of [...this.#streams.keys()]) {
      if (id >= stream.id) this.#streams.delete(id);
    }
    this.#sendGoAway(CODE.noError, Math.max(stream.id - 2, 0));
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'a WINDOW_UPDATE has four octets');
    const increment = payload.readUInt32BE(0) & MAX_WINDOW;
    if (increment === 0) throw new ConnectionError(CODE.protocolError, 'a WINDOW_UPDATE of nothing');
    const stream = this.#streams.get(id);
    if (id === 0) this.#sendWindow += increment;
    else if (stream !== undefined) stream.window += increment;
    if (this.#sendWindow > MAX_WINDOW || (stream?.window ?? 0) > MAX_WINDOW) {
      throw new ConnectionError(CODE.flowControlError, 'a window is too large');
    }
    this.#sendRests();
  }

  #sendRests(): void {
    for (const stream of [...this.#streams.values()]) {
      if (stream.rest !== null) this.#send(stream, stream.rest);
    }
  }

  #settingsFrame(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'SETTINGS belong to the connection');
    if ((flags & FLAG.ack) !== 0) {
      this.#boundToStreams = this.#unacknowledged.shift() ?? this.#boundToStreams;
      return;
    }
    if (payload.length % 6 !== 0) throw new ConnectionError(CODE.frameSizeError, 'a setting has six octets');
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) === SETTING.initialWindowSize) this.#resizeWindows(payload.readUInt32BE(at + 2));
    }
    this.#writer.frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0));
    this.#sendRests();
  }

  #resizeWindows(size: number): void {
    if (size > MAX_WINDOW) throw new ConnectionError(CODE.flowControlError, 'a window is too large');
    for (const stream of this.#streams.values()) stream.window += size - this.#clientStreamWindow;
    this.#clientStreamWindow = size;
  }

  #ping(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(CODE.protocolError, 'PING belongs to the connection');
    if (payload.length !== 8) throw new ConnectionError(CODE.frameSizeError, 'a PING has eight octets');
    if ((flags & FLAG.ack) === 0) this.#writer.frame(FRAME.ping, FLAG.ack, 0, payload);
  }

  #rstStream(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(CODE.frameSizeError, 'an RST_STREAM has four octets');
    if (id === 0 || id > this.#lastStream) throw new ConnectionError(CODE.protocolError, 'a reset of no stream');
    this.#streams.delete(id);
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
    this.#isClosed = true;
    this.#socket.end();
  }
}

function newStream(id: number, headers: readonly string[], window: number): Stream {
  return { id, headers, body: [], bodyBytes: 0, isComplete: false, isTaken: false, window, rest: null };
}

function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & FLAG.padded) === 0) return payload;
  const end = payload.length - (payload[0] ?? 0);
  if (end < 1) throw new ConnectionError(CODE.protocolError, 'more padding than frame');
  return payload.subarray(1, end);
}

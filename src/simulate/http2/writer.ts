import type { Socket } from 'node:net';
import { headersRoom, writeHeaders } from './encode-headers.ts';
import { FLAG, FRAME, FRAME_HEADER_SIZE, writeFrameHeader } from './frames.ts';

const SLAB = 65_536;

/** Gathers frames, so that what is said in one turn of the event loop leaves in one write. */
export class FrameWriter {
  readonly #socket: Socket;
  // Filled once and never written over: the socket keeps reading from what was flushed.
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #flushed = 0;
  #end = 0;
  #soon: NodeJS.Immediate | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The header block must fit one frame: ours are a few hundred octets. */
  headers(stream: number, status: number, headers: readonly (readonly [string, string])[], isEnd: boolean): void {
    this.#reserve(FRAME_HEADER_SIZE + headersRoom(headers));
    const start = this.#end + FRAME_HEADER_SIZE;
    const end = writeHeaders(this.#slab, start, status, headers);
    const flags = FLAG.endHeaders | (isEnd ? FLAG.endStream : 0);
    writeFrameHeader(this.#slab, this.#end, end - start, FRAME.headers, flags, stream);
    this.#end = end;
  }

  data(stream: number, payload: Buffer, isEnd: boolean): void {
    this.frame(FRAME.data, isEnd ? FLAG.endStream : 0, stream, payload);
  }

  rstStream(stream: number, code: number): void {
    this.#word(FRAME.rstStream, stream, code);
  }

  windowUpdate(stream: number, increment: number): void {
    this.#word(FRAME.windowUpdate, stream, increment);
  }

  frame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#reserve(FRAME_HEADER_SIZE + payload.length);
    writeFrameHeader(this.#slab, this.#end, payload.length, type, flags, stream);
    payload.copy(this.#slab, this.#end + FRAME_HEADER_SIZE);
    this.#end += FRAME_HEADER_SIZE + payload.length;
  }

  flush(): void {
    if (this.#end === this.#flushed) return;
    const bytes = this.#slab.subarray(this.#flushed, this.#end);
    this.#flushed = this.#end;
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Once the answers that are due now have all been written. */
  flushSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = null;
      this.flush();
    });
  }

  close(): void {
    if (this.#soon !== null) clearImmediate(this.#soon);
    this.#soon = null;
    this.#flushed = this.#end;
  }

  #word(type: number, stream: number, word: number): void {
    this.#reserve(FRAME_HEADER_SIZE + 4);
    writeFrameHeader(this.#slab, this.#end, 4, type, 0, stream);
    this.#slab.writeUInt32BE(word, this.#end + FRAME_HEADER_SIZE);
    this.#end += FRAME_HEADER_SIZE + 4;
  }

  #reserve(room: number): void {
    if (this.#end + room <= this.#slab.length) return;
    this.flush();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, room));
    this.#flushed = 0;
    this.#end = 0;
  }
}

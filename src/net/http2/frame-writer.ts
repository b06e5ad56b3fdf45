import type { Socket } from 'node:net';
import { FLAG, FRAME, FRAME_HEADER_SIZE, writeFrameHeader } from './frames.ts';
import { HeaderEncoder } from './header-encoder.ts';

const SLAB = 65_536;

/** Gathers frames, so that everything written in one turn of the event loop leaves in one write. */
export class FrameWriter {
  /** Takes the headers of a block, between `beginHeaders` and `endHeaders`. */
  readonly headers: HeaderEncoder;
  readonly #socket: Socket;
  // Never written over: the socket goes on reading from the bytes that were flushed.
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #flushed = 0;
  #end = 0;
  #soon: NodeJS.Immediate | null = null;

  constructor(socket: Socket, headers: HeaderEncoder = new HeaderEncoder()) {
    this.#socket = socket;
    this.headers = headers;
  }

  /** Call `headers.field` for each header, then `endHeaders`. The block must fit into one frame and into `room` octets. */
  beginHeaders(room: number): void {
    this.#reserve(FRAME_HEADER_SIZE + room);
    this.headers.begin(this.#slab, this.#end + FRAME_HEADER_SIZE);
  }

  endHeaders(stream: number, isEnd: boolean): void {
    const end = this.headers.end();
    const flags = FLAG.endHeaders | (isEnd ? FLAG.endStream : 0);
    writeFrameHeader(this.#slab, this.#end, end - this.#end - FRAME_HEADER_SIZE, FRAME.headers, flags, stream);
    this.#end = end;
  }

  /** Writes text as DATA. `length`: its length in octets of UTF-8. */
  text(stream: number, text: string, length: number, isEnd: boolean): void {
    this.#reserve(FRAME_HEADER_SIZE + length);
    writeFrameHeader(this.#slab, this.#end, length, FRAME.data, isEnd ? FLAG.endStream : 0, stream);
    this.#slab.write(text, this.#end + FRAME_HEADER_SIZE, 'utf8');
    this.#end += FRAME_HEADER_SIZE + length;
  }

  data(stream: number, payload: Buffer, isEnd: boolean): void {
    this.frame(FRAME.data, isEnd ? FLAG.endStream : 0, stream, payload);
  }

  rstStream(stream: number, code: number): void {
    this.#uint32(FRAME.rstStream, stream, code);
  }

  windowUpdate(stream: number, increment: number): void {
    this.#uint32(FRAME.windowUpdate, stream, increment);
  }

  frame(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#reserve(FRAME_HEADER_SIZE + payload.length);
    writeFrameHeader(this.#slab, this.#end, payload.length, type, flags, stream);
    payload.copy(this.#slab, this.#end + FRAME_HEADER_SIZE);
    this.#end += FRAME_HEADER_SIZE + payload.length;
  }

  /** Writes bytes that are not a frame: the preface. */
  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#end += bytes.copy(this.#slab, this.#end);
  }

  flush(): void {
    if (this.#end === this.#flushed) return;
    const bytes = this.#slab.subarray(this.#flushed, this.#end);
    this.#flushed = this.#end;
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Flushes after this turn of the event loop, when all answers that are due now have been written. */
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

  #uint32(type: number, stream: number, value: number): void {
    this.#reserve(FRAME_HEADER_SIZE + 4);
    writeFrameHeader(this.#slab, this.#end, 4, type, 0, stream);
    this.#slab.writeUInt32BE(value, this.#end + FRAME_HEADER_SIZE);
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

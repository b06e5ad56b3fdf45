import type { Socket } from 'node:net';
import { FLAG, FRAME, FRAME_HEADER_SIZE, writeFrameHeader } from './frames.ts';
import { HeaderEncoder } from './header-encoder.ts';

const SLAB = 65_536;

/** Gathers frames, so that what is said in one turn of the event loop leaves in one write. */
export class FrameWriter {
  /** Between `beginHeaders` and `endHeaders` it takes the headers of the block. */
  readonly headers: HeaderEncoder;
  readonly #socket: Socket;
  // Filled once and never written over: the socket keeps reading from what was flushed.
  #slab = Buffer.allocUnsafeSlow(SLAB);
  #flushed = 0;
  #end = 0;
  #soon: NodeJS.Immediate | null = null;

  constructor(socket: Socket, headers: HeaderEncoder = new HeaderEncoder()) {
    this.#socket = socket;
    this.headers = headers;
  }

  /** Then `headers.field` for each, then `endHeaders`. The block must fit one frame; `room` is more than it can need. */
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

  /** `length`: octets of the text in UTF-8. */
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

  /** What is no frame: the preface. */
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

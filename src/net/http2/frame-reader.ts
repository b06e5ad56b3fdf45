import { CODE, ConnectionError, FLAG, FRAME, FRAME_HEADER_SIZE, MAX_FRAME_SIZE, MAX_WINDOW } from './frames.ts';

/**
 * Receives one frame. A header block arrives whole as one HEADERS frame without padding and priority, however it was cut.
 * DATA arrives unchanged, because its padding counts for flow control.
 */
export type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

const MAX_HEADER_BLOCK = 65_536;

/** Cuts the bytes of one connection into frames without copying their payloads. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #unread: Buffer = Buffer.alloc(0);
  #isStopped = false;
  /** HEADERS without END_HEADERS: only its CONTINUATION may follow. null: no block is open. */
  #block: { stream: number; flags: number; parts: Buffer[]; bytes: number } | null = null;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Passes on every complete frame. Throws ConnectionError, and what `onFrame` throws. */
  read(chunk: Buffer): void {
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    while (!this.#isStopped && bytes.length - at >= FRAME_HEADER_SIZE) {
      const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      if (length > MAX_FRAME_SIZE) throw new ConnectionError(CODE.frameSizeError, 'a frame is too large');
      const end = at + FRAME_HEADER_SIZE + length;
      if (end > bytes.length) break;
      const stream = bytes.readUInt32BE(at + 5) & MAX_WINDOW;
      const payload = bytes.subarray(at + FRAME_HEADER_SIZE, end);
      this.#frame(bytes[at + 3] as number, bytes[at + 4] as number, stream, payload);
      at = end;
    }
    this.#unread = bytes.subarray(at);
  }

  /** Ignores everything received, now and later. */
  stop(): void {
    this.#isStopped = true;
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (this.#block !== null && (type !== FRAME.continuation || stream !== this.#block.stream)) {
      throw new ConnectionError(CODE.protocolError, 'a header block is interrupted');
    }
    if (type === FRAME.headers) this.#headers(flags, stream, payload);
    else if (type === FRAME.continuation) this.#continuation(flags, payload);
    else this.#onFrame(type, flags, stream, payload);
  }

  #headers(flags: number, stream: number, payload: Buffer): void {
    let block = unpadded(flags, payload);
    if ((flags & FLAG.priority) !== 0) block = withoutPriority(block);
    if ((flags & FLAG.endHeaders) !== 0) this.#onFrame(FRAME.headers, flags, stream, block);
    else this.#block = { stream, flags, parts: [block], bytes: block.length };
  }

  #continuation(flags: number, payload: Buffer): void {
    const block = this.#block;
    if (block === null) throw new ConnectionError(CODE.protocolError, 'nothing is to be continued');
    block.parts.push(payload);
    block.bytes += FRAME_HEADER_SIZE + payload.length; // frame headers count, so that empty frames end too
    if (block.bytes > MAX_HEADER_BLOCK) throw new ConnectionError(CODE.enhanceYourCalm, 'the headers are too large');
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = null;
    this.#onFrame(FRAME.headers, block.flags, block.stream, Buffer.concat(block.parts));
  }
}

/** The payload of a DATA or HEADERS frame without its padding. Throws ConnectionError. */
export function unpadded(flags: number, payload: Buffer): Buffer {
  if ((flags & FLAG.padded) === 0) return payload;
  const end = payload.length - (payload[0] ?? 0);
  if (end < 1) throw new ConnectionError(CODE.protocolError, 'more padding than frame');
  return payload.subarray(1, end);
}

function withoutPriority(payload: Buffer): Buffer {
  if (payload.length < 5) throw new ConnectionError(CODE.frameSizeError, 'a priority has five octets');
  return payload.subarray(5);
}

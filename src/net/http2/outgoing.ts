import type { FrameWriter } from './frame-writer.ts';
import { CODE, ConnectionError, DEFAULT_WINDOW, MAX_FRAME_SIZE, MAX_WINDOW } from './frames.ts';

/** A stream's part in it. */
export interface Sending {
  readonly id: number;
  /** Octets that the peer lets us send on it. */
  window: number;
  /** What it does not yet let us send. */
  unsent: Buffer | null;
}

/** Bodies, sent as the other end's windows allow. Source: RFC 9113 §5.2 and §6.9. */
export class Outgoing<One extends Sending> {
  readonly #writer: FrameWriter;
  readonly #onSent: ((stream: One) => void) | undefined;
  /** Those with something unsent, longest waiting first. */
  readonly #stopped = new Set<One>();
  #streamWindow = DEFAULT_WINDOW;
  #window = DEFAULT_WINDOW;

  /** `onSent` is told when all of a body has been sent. */
  constructor(writer: FrameWriter, onSent?: (stream: One) => void) {
    this.#writer = writer;
    this.#onSent = onSent;
  }

  /** What a new stream begins with. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** A body that ends its stream. */
  send(stream: One, body: string | Buffer): void {
    const length = Buffer.byteLength(body);
    if (typeof body !== 'string') this.#goOn(stream, body);
    else if (length > this.#roomOf(stream)) this.#goOn(stream, Buffer.from(body));
    else {
      this.#take(stream, length);
      this.#writer.text(stream.id, body, length, true);
      this.#onSent?.(stream);
    }
  }

  /** As much of it as one frame and the windows take, and not the end of its stream. */
  sendSome(stream: One, body: Buffer): void {
    const length = Math.min(body.length, this.#roomOf(stream));
    this.#take(stream, length);
    this.#writer.data(stream.id, body.subarray(0, length), false);
  }

  /** The stream is over. */
  drop(stream: One): void {
    stream.unsent = null;
    this.#stopped.delete(stream);
  }

  /** WINDOW_UPDATE, of a stream or of the connection. */
  widen(stream: One | null, increment: number): void {
    if (stream === null) this.#window = widened(this.#window, increment);
    else stream.window = widened(stream.window, increment);
    this.#sendStopped();
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE: also of the streams that there are. */
  resize(streamWindow: number, streams: Iterable<One>): void {
    if (streamWindow > MAX_WINDOW) throw tooLarge();
    const change = streamWindow - this.#streamWindow;
    this.#streamWindow = streamWindow;
    for (const stream of streams) stream.window = widened(stream.window, change);
    this.#sendStopped();
  }

  #sendStopped(): void {
    for (const stream of this.#stopped) if (stream.unsent !== null) this.#goOn(stream, stream.unsent);
  }

  #goOn(stream: One, body: Buffer): void {
    let at = 0;
    while (at < body.length) {
      const length = Math.min(body.length - at, this.#roomOf(stream));
      if (length === 0) break;
      this.#take(stream, length);
      this.#writer.data(stream.id, body.subarray(at, at + length), at + length === body.length);
      at += length;
    }
    stream.unsent = at < body.length ? body.subarray(at) : null;
    if (stream.unsent !== null) {
      this.#stopped.add(stream);
      return;
    }
    this.#stopped.delete(stream);
    this.#onSent?.(stream);
  }

  /** Octets that one frame may have now. */
  #roomOf({ window }: One): number {
    return Math.max(Math.min(window, this.#window, MAX_FRAME_SIZE), 0);
  }

  #take(stream: One, length: number): void {
    stream.window -= length;
    this.#window -= length;
  }
}

/** A window may be below nothing, after it was made smaller. */
function widened(window: number, increment: number): number {
  if (window + increment > MAX_WINDOW) throw tooLarge();
  return window + increment;
}

function tooLarge(): ConnectionError {
  return new ConnectionError(CODE.flowControlError, 'makes a window too large');
}

import type { FrameWriter } from './frame-writer.ts';
import { CODE, ConnectionError, DEFAULT_WINDOW, MAX_FRAME_SIZE, MAX_WINDOW } from './frames.ts';

/** A stream as seen by the sender of bodies. */
export interface Sending {
  readonly id: number;
  /** Octets that the peer allows us to send on this stream; below 0 after it made the window smaller. */
  window: number;
  /** The part of the body that waits for a window. null: nothing waits. */
  unsent: Buffer | null;
}

/** Sends bodies as fast as the other end's windows allow. Source: RFC 9113 §5.2 and §6.9. */
export class Outgoing<One extends Sending> {
  readonly #writer: FrameWriter;
  readonly #onSent: ((stream: One) => void) | undefined;
  /** Streams with an unsent part, longest waiting first. */
  readonly #blocked = new Set<One>();
  #streamWindow = DEFAULT_WINDOW;
  #window = DEFAULT_WINDOW;

  /** `onSent` is called when the whole body has been sent. */
  constructor(writer: FrameWriter, onSent?: (stream: One) => void) {
    this.#writer = writer;
    this.#onSent = onSent;
  }

  /** Window of a new stream, in octets. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** Sends a body and the end of its stream. */
  send(stream: One, body: string | Buffer): void {
    const length = Buffer.byteLength(body);
    if (typeof body !== 'string') this.#sendRest(stream, body);
    else if (length > this.#roomOf(stream)) this.#sendRest(stream, Buffer.from(body));
    else {
      this.#take(stream, length);
      this.#writer.text(stream.id, body, length, true);
      this.#onSent?.(stream);
    }
  }

  /** Sends as much of the body as one frame and the windows allow, without the end of the stream. */
  sendSome(stream: One, body: Buffer): void {
    const length = Math.min(body.length, this.#roomOf(stream));
    this.#take(stream, length);
    this.#writer.data(stream.id, body.subarray(0, length), false);
  }

  /** Forgets a stream that has ended. */
  drop(stream: One): void {
    stream.unsent = null;
    this.#blocked.delete(stream);
  }

  /** Applies a WINDOW_UPDATE. `stream` null: the connection's. */
  widen(stream: One | null, increment: number): void {
    if (stream === null) this.#window = widened(this.#window, increment);
    else stream.window = widened(stream.window, increment);
    this.#sendBlocked();
  }

  /** Applies SETTINGS_INITIAL_WINDOW_SIZE, which also changes the windows of existing `streams`. */
  resize(streamWindow: number, streams: Iterable<One>): void {
    if (streamWindow > MAX_WINDOW) throw tooLarge();
    const change = streamWindow - this.#streamWindow;
    this.#streamWindow = streamWindow;
    for (const stream of streams) stream.window = widened(stream.window, change);
    this.#sendBlocked();
  }

  #sendBlocked(): void {
    for (const stream of this.#blocked) if (stream.unsent !== null) this.#sendRest(stream, stream.unsent);
  }

  #sendRest(stream: One, body: Buffer): void {
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
      this.#blocked.add(stream);
      return;
    }
    this.#blocked.delete(stream);
    this.#onSent?.(stream);
  }

  /** Octets that the next frame may carry. */
  #roomOf({ window }: One): number {
    return Math.max(Math.min(window, this.#window, MAX_FRAME_SIZE), 0);
  }

  #take(stream: One, length: number): void {
    stream.window -= length;
    this.#window -= length;
  }
}

/** The result may be negative: the peer can make a window smaller than what we have already sent. */
function widened(window: number, increment: number): number {
  if (window + increment > MAX_WINDOW) throw tooLarge();
  return window + increment;
}

function tooLarge(): ConnectionError {
  return new ConnectionError(CODE.flowControlError, 'makes a window too large');
}

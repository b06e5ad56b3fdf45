import type { FrameWriter } from '../../lib/http2/frame-writer.ts';
import { CODE, ConnectionError, DEFAULT_WINDOW, MAX_FRAME_SIZE, MAX_WINDOW } from '../../lib/http2/frames.ts';

/** A stream's part in it. */
export interface Sending {
  readonly id: number;
  /** Octets that the peer lets us send on it. */
  window: number;
  /** What it does not yet let us send. */
  unsent: Buffer | null;
}

/** The bodies of requests, sent as the peer's windows allow. Source: RFC 9113 §5.2 and §6.9. */
export class Outgoing {
  readonly #writer: FrameWriter;
  /** Those with something unsent, longest waiting first. */
  readonly #stopped = new Set<Sending>();
  #streamWindow = DEFAULT_WINDOW;
  #window = DEFAULT_WINDOW;

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** The body after headers that did not end the stream. */
  begin(stream: Sending, body: string): void {
    stream.window = this.#streamWindow;
    const length = Buffer.byteLength(body);
    if (length > Math.min(stream.window, this.#window, MAX_FRAME_SIZE)) {
      this.#send(stream, Buffer.from(body));
      return;
    }
    stream.window -= length;
    this.#window -= length;
    this.#writer.text(stream.id, body, length, true);
  }

  /** The stream is over. */
  drop(stream: Sending): void {
    stream.unsent = null;
    this.#stopped.delete(stream);
  }

  /** WINDOW_UPDATE, of a stream or of the connection. */
  widen(stream: Sending | null, increment: number): void {
    if (stream === null) this.#window = widened(this.#window, increment);
    else stream.window = widened(stream.window, increment);
    this.#goOn();
  }

  /** SETTINGS_INITIAL_WINDOW_SIZE: also of the streams that there are. */
  resize(streamWindow: number, streams: Iterable<Sending>): void {
    if (streamWindow > MAX_WINDOW) throw tooLarge();
    const change = streamWindow - this.#streamWindow;
    this.#streamWindow = streamWindow;
    for (const stream of streams) stream.window = widened(stream.window, change);
    this.#goOn();
  }

  #goOn(): void {
    for (const stream of this.#stopped) if (stream.unsent !== null) this.#send(stream, stream.unsent);
  }

  #send(stream: Sending, body: Buffer): void {
    let at = 0;
    while (at < body.length) {
      const length = Math.min(body.length - at, stream.window, this.#window, MAX_FRAME_SIZE);
      if (length <= 0) break;
      stream.window -= length;
      this.#window -= length;
      this.#writer.data(stream.id, body.subarray(at, at + length), at + length === body.length);
      at += length;
    }
    stream.unsent = at < body.length ? body.subarray(at) : null;
    if (stream.unsent === null) this.#stopped.delete(stream);
    else this.#stopped.add(stream);
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

/** Lower-case names; one character is one octet. */
export type Http2Headers = Readonly<Record<string, string>>;

/** One POST. `headers` holds `:method` and `:path` too, before all others; small `body`, as text. */
export interface Http2Request {
  headers: Http2Headers;
  body: string;
  /** Told when a connection takes it; again when another does. */
  handover?: { handedOver(): void } | undefined;
}

export type Http2Answer = Http2Reply | Unanswered;

export interface Http2Reply {
  kind: 'reply';
  status: number;
  headers: Http2Headers;
  /** At most `MAX_BODY_BYTES` of it: a longer one is cut. */
  body: Buffer;
  /** The connection it came over; retired, it takes no further request and closes once it is empty. */
  connection: { retire(): void };
}

export interface Unanswered {
  kind: 'unanswered';
  /** In words for an operator, such as `connect ECONNREFUSED`; never with anything of the request. */
  reason: string;
  /** False: the peer has certainly not acted on it. True: it may have. */
  mayHaveActed: boolean;
}

export const MAX_BODY_BYTES = 65_536;
export const TOO_LONG = 'body too long';

const NONE: Http2Headers = {};
const EMPTY = Buffer.alloc(0);

/** One request from its acceptance to its answer. */
export class Exchange {
  readonly request: Http2Request;
  readonly signal: AbortSignal;
  readonly #settle: (answer: Http2Answer) => void;
  isSettled = false;
  /** In the line of those that wait: a number that grows. */
  place = 0;
  /** How often it was handed to a connection whose peer then said that it had not looked at it. */
  refusals = 0;
  /** Milliseconds of the clock at which waiting, or the request under way, has taken too long. */
  deadline = Number.POSITIVE_INFINITY;
  /** The connection that carries it, while it is under way, and on which stream. */
  carrier: { cancel(streamId: number): void } | null = null;
  streamId = 0;
  status = 0;
  headers: Http2Headers = NONE;
  body: Buffer = EMPTY;
  /** Why we ended the stream, when we did. */
  endedBecause: string | null = null;

  constructor(request: Http2Request, signal: AbortSignal, settle: (answer: Http2Answer) => void) {
    this.request = request;
    this.signal = signal;
    this.#settle = settle;
  }

  settle(answer: Http2Answer): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#settle(answer);
  }

  /** More of the answer's body; what is too much ends the stream. */
  take(chunk: Buffer): void {
    const kept = chunk.subarray(0, MAX_BODY_BYTES - this.body.length);
    this.body = this.body.length === 0 ? kept : Buffer.concat([this.body, kept]);
    if (kept.length < chunk.length) this.end(TOO_LONG);
  }

  /** Ends the stream at once, also when nothing can be written to the peer any more. */
  end(because: string): void {
    this.endedBecause ??= because;
    this.carrier?.cancel(this.streamId);
  }
}

export function unanswered(reason: string, mayHaveActed: boolean): Unanswered {
  return { kind: 'unanswered', reason, mayHaveActed };
}

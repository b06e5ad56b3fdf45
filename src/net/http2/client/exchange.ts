import { Gathered } from '../gathered.ts';

/** Names are in lower case. One character of a value is one octet. */
export type Http2Headers = Readonly<Record<string, string>>;

/** One POST with a small text body. `headers` begins with `:method` and `:path`. */
export interface Http2Request {
  headers: Http2Headers;
  body: string;
  /** Called each time a connection starts the request: a second time if a second connection must repeat it. */
  observer?: { started(): void } | undefined;
}

export type Http2Answer = Http2Reply | Unanswered;

export interface Http2Reply {
  kind: 'reply';
  status: number;
  headers: Http2Headers;
  /** The first `MAX_BODY_BYTES` of the response body. */
  body: Buffer;
  /** The connection it came over. `retire`: it carries no further request and closes once it is empty. */
  connection: { retire(): void };
}

export interface Unanswered {
  kind: 'unanswered';
  /** Words for an operator, such as `connect ECONNREFUSED`. Never holds anything of the request. */
  reason: string;
  /** False: the peer has certainly not acted on it. True: it may have. */
  mayHaveActed: boolean;
}

export const MAX_BODY_BYTES = 65_536;
export const TOO_LONG = 'body too long';

const NONE: Http2Headers = {};

/** One request, from the call of `request` to its answer. */
export class Exchange {
  readonly request: Http2Request;
  readonly signal: AbortSignal;
  readonly #resolve: (answer: Http2Answer) => void;
  isResolved = false;
  /** Order of arrival in the pool's queue: a number that grows. */
  arrival = 0;
  /** How many connections started it and then said that the peer had not processed it. */
  refusals = 0;
  /** Clock time, in milliseconds, at which waiting or the request itself has taken too long. */
  deadline = Number.POSITIVE_INFINITY;
  /** The connection that carries it on stream `streamId`. null: it is not under way. */
  carrier: { cancel(streamId: number): void } | null = null;
  streamId = 0;
  status = 0;
  headers: Http2Headers = NONE;
  readonly #body = new Gathered();
  /** Why we ended the stream. null: we did not. */
  endedBecause: string | null = null;

  constructor(request: Http2Request, signal: AbortSignal, resolve: (answer: Http2Answer) => void) {
    this.request = request;
    this.signal = signal;
    this.#resolve = resolve;
  }

  resolve(answer: Http2Answer): void {
    if (this.isResolved) return;
    this.isResolved = true;
    this.#resolve(answer);
  }

  /** The response body so far. */
  get body(): Buffer {
    return this.#body.bytes;
  }

  /** Adds a part of the response body. A body that passes the limit ends the stream. */
  take(chunk: Buffer): void {
    const kept = chunk.subarray(0, MAX_BODY_BYTES - this.#body.length);
    this.#body.add(kept);
    if (kept.length < chunk.length) this.end(TOO_LONG);
  }

  /** Ends the stream at once, even if nothing can be written to the peer any more. */
  end(because: string): void {
    this.endedBecause ??= because;
    this.carrier?.cancel(this.streamId);
  }
}

export function unanswered(reason: string, mayHaveActed: boolean): Unanswered {
  return { kind: 'unanswered', reason, mayHaveActed };
}

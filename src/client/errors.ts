/** An entry of `errors` in a refusal: a sentence that begins with a path, or an object that says the same. */
export type Problem = string | Readonly<Record<string, unknown>>;

/** The server refused the call. `message` is the API's own, such as `Invalid API key`. */
export class CressetError extends Error {
  override name = 'CressetError';
  readonly status: number;
  /** Everything that is wrong with the request. */
  readonly errors: readonly Problem[];
  /** The id under which the server logged the request. null: it said none. */
  readonly requestId: string | null;
  /** How long the server wants to be left alone, in milliseconds. null: it did not say. */
  readonly retryAfterMs: number | null;

  constructor(message: string, facts: Pick<CressetError, 'status' | 'errors' | 'requestId' | 'retryAfterMs'>) {
    super(message);
    this.status = facts.status;
    this.errors = facts.errors;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** No usable answer came. A call that changes something may have been carried out all the same. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
  readonly reason: 'timeout' | 'connection' | 'unreadable' | 'too_large';

  constructor(reason: NoAnswerError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

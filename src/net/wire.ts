/** One received request, over HTTP/2 or HTTP/1.1. */
export interface WireRequest {
  method: string;
  /** Path and query, still percent-encoded. */
  path: string;
  /** Names and values alternate. Names are in lower case; a repeated header appears as often as it was sent. */
  headers: readonly string[];
  body: Buffer;
  /** The body exceeded the server's limit; `body` holds what was read of it. */
  isOversize: boolean;
  connection: WireConnection;
}

/** What a simulated provider may do with the connection that a request came on. */
export interface WireConnection {
  readonly isHttp2: boolean;
  /** Number of requests received on it so far, this one included. */
  readonly requests: number;
  /** Sets how many streams the client may have open from now on (HTTP/2). */
  allowStreams(most: number): void;
  /** Accepts no further requests, answers those under way, then ends the connection. */
  goAway(): void;
}

export interface Answer {
  status: number;
  headers: readonly (readonly [string, string])[];
  body: Buffer | string;
}

/**
 * What the server does on the wire, `afterMs` milliseconds after the request was complete. `after`: over HTTP/1.1, what it
 * waits for before that.
 */
export type Reaction = { afterMs?: number; after?: Promise<unknown> } & (
  | { kind: 'answer'; answer: Answer }
  | { kind: 'truncate'; answer: Answer } // sends status, headers and half of the body, then resets the stream
  | { kind: 'reset' } // resets the stream; over HTTP/1.1, the connection
  | { kind: 'close' } // tears down the connection and everything on it
  | { kind: 'unprocessed' } // sends a GOAWAY that excludes this request, which may then be repeated elsewhere
  | { kind: 'silence' } // never answers
);

/** The first value of a header; undefined if it is absent. */
export function header({ headers }: Pick<WireRequest, 'headers'>, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name) return headers[at + 1];
  }
  return undefined;
}

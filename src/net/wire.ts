/** One request as it came, over HTTP/2 or HTTP/1.1. */
export interface WireRequest {
  method: string;
  /** With the query, still percent-encoded. */
  path: string;
  /** Names and values by turns; names in lower case. Repeated headers are repeated. */
  headers: readonly string[];
  body: Buffer;
  /** The body was longer than is ever legal; `body` holds what came of it. */
  isOversize: boolean;
  connection: WireConnection;
}

/** What a provider may ask of the connection a request came on. */
export interface WireConnection {
  readonly isHttp2: boolean;
  /** Requests that came on it so far, this one included. */
  readonly requests: number;
  /** How many streams the client may have open from now on (HTTP/2). */
  allowStreams(most: number): void;
  /** Takes no further requests; what is under way is answered, then the connection ends. */
  goAway(): void;
}

export interface Answer {
  status: number;
  headers: readonly (readonly [string, string])[];
  body: Buffer | string;
}

/** What happens on the wire, `afterMs` milliseconds after the request was complete. */
export type Reaction = { afterMs?: number } & (
  | { kind: 'answer'; answer: Answer }
  | { kind: 'truncate'; answer: Answer } // status, headers and half of the body, then the stream is reset
  | { kind: 'reset' } // the stream is reset; over HTTP/1.1 the connection
  | { kind: 'close' } // the connection is torn down, with everything on it
  | { kind: 'unprocessed' } // GOAWAY that leaves this request out: it may be repeated elsewhere
  | { kind: 'silence' } // nothing, ever
);

/** The first value of a header, or undefined. */
export function header({ headers }: Pick<WireRequest, 'headers'>, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name) return headers[at + 1];
  }
  return undefined;
}

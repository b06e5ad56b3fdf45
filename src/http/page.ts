import type { Readable } from 'node:stream';
import type { BytesInHand } from '../lib/limits/bytes-in-hand.ts';

/** An endpoint without a key: a page for people, a script for their browsers, a callback of a provider, or a probe. */
export interface Page {
  method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS';
  path: string;
  /** Headers of every answer, including refusals. A function is asked before the body is read. */
  headers?: PageHeaders | ((request: Pick<PageRequest, 'headers' | 'query'>) => PageHeaders);
  /** Largest body, in bytes. Default: 4 KiB. */
  bodyLimitBytes?: number;
  /** Counts the bytes of its bodies together with those of others. A body for which there is no room is refused with 503. */
  bodies?: BytesInHand;
  handle(request: PageRequest): Promise<PageAnswer>;
}

export type PageHeaders = Readonly<Record<string, string>>;

export interface PageRequest {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Path and query as they came. */
  rawUrl: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as received. Empty on GET. */
  rawBody: Buffer;
  /** The client's address, as reported by the trusted proxies in front of this server. */
  address: string;
}

export interface PageAnswer {
  status: number;
  type:
    | 'text/html; charset=utf-8'
    | 'text/javascript; charset=utf-8'
    | 'text/plain; charset=utf-8'
    | 'text/plain; version=0.0.4; charset=utf-8'
    | 'text/xml'
    | 'text/css; charset=utf-8'
    | 'image/svg+xml'
    | 'application/json'
    | 'application/zip'
    | 'application/gzip'
    | 'image/gif'
    | `image/${string}`
    | `application/${string}`;
  body: string | Buffer | Readable;
  headers?: Readonly<Record<string, string | string[]>>;
}

/** What is served without a key: pages for people, scripts for their browsers, and probes. */
export interface Page {
  method: 'GET' | 'POST' | 'OPTIONS';
  path: string;
  /** On every answer, refusals included. */
  headers?: Readonly<Record<string, string>>;
  /** Most bytes of a body. Default: 4 KiB. */
  bodyLimitBytes?: number;
  handle(request: PageRequest): Promise<PageAnswer>;
}

export interface PageRequest {
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as it came; empty on GET. */
  rawBody: Buffer;
  /** Of the client, as far as the proxies in front of this server are believed. */
  address: string;
}

export interface PageAnswer {
  status: number;
  type: 'text/html; charset=utf-8' | 'text/javascript; charset=utf-8' | 'application/json';
  body: string;
  headers?: Readonly<Record<string, string>>;
}

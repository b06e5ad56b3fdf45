import type { Permission } from '../workspace/permissions.ts';

/** A fixed window of requests per workspace, aligned to the UTC clock. */
export interface RateBucket {
  name: string;
  limit: number;
  windowMs: number;
}

export const defaultBucket: RateBucket = { name: 'default', limit: 250_000, windowMs: 3_600_000 };

/** A request whose key, address, permission, body and rate have been found good. */
export interface RouteRequest {
  workspaceId: number;
  apiKey: { id: string; name: string };
  requestId: string;
  /** The parsed JSON object; `{}` on GET. Nothing inside it is checked yet; it may hold `__proto__` as an own member. */
  body: Record<string, unknown>;
  /** The body as it came. */
  rawBody: Buffer;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Answer {
  status: number;
  body: object;
  headers?: Readonly<Record<string, string>>;
}

/** One endpoint. It throws RequestError for what the caller did wrong. */
export interface Route {
  method: 'GET' | 'POST';
  /** Fastify's form: `/dispatches/:dispatch_id`. */
  path: string;
  permission: Permission;
  /** By the body as it came; `defaultBucket` when absent. */
  bucket?(body: Record<string, unknown>): RateBucket;
  /** An answer given before, for a request that is a repetition: it is sent again and costs no rate. */
  replay?(request: RouteRequest): Promise<Answer | null>;
  handle(request: RouteRequest): Promise<Answer>;
}

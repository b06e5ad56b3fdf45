import type { Charge, RateWindow } from '../dispatch/accept/rate-windows.ts';
import type { RawObject } from '../lib/json.ts';
import type { Permission } from '../workspace/permissions.ts';

/** A fixed window of requests per workspace, aligned to the UTC clock. */
export interface RateBucket {
  name: string;
  limit: number;
  windowMs: number;
}

export const defaultBucket: RateBucket = { name: 'default', limit: 250_000, windowMs: 3_600_000 };

/** How one request is counted against the rate of its workspace: once, whoever does it. */
export interface Rate {
  window: RateWindow;
  /** Counts it now, unless it has been counted. Throws when the window is used up. */
  charge(): Promise<void>;
  /** It was counted elsewhere. Throws when the window was used up. */
  charged(charge: Charge): void;
}

/** A request whose key, address, permission and body have been found good; and its rate, unless the route counts it. */
export interface RouteRequest {
  workspaceId: number;
  apiKey: { id: string; name: string };
  requestId: string;
  /** The parsed JSON object; `{}` on GET. Nothing inside it is checked yet. */
  body: RawObject;
  /** The body as it came. */
  rawBody: Buffer;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  rate: Rate;
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
  bucket?(body: RawObject): RateBucket;
  /** An answer given before, for a request that is a repetition: it is sent again and costs no rate. */
  replay?(request: RouteRequest): Promise<Answer | null>;
  /** The route has its requests counted together with their work; those it answers without are counted after it. */
  countsItself?: boolean;
  handle(request: RouteRequest): Promise<Answer>;
}

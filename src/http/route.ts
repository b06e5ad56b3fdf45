import type { Charge, RateWindow } from '../dispatch/accept/rate-windows.ts';
import type { BytesInHand } from '../lib/limits/bytes-in-hand.ts';
import type { RawObject } from '../lib/raw/json.ts';
import type { Span } from '../traces/traces.ts';
import type { Permission } from '../workspace/permissions.ts';

/** A limit of requests per workspace, in fixed windows aligned to the UTC clock. */
export interface RateBucket {
  name: string;
  limit: number;
  windowMs: number;
  /** Requests that are counted apart from others of the same name. Default: all are counted together. */
  apart?: string;
  /** It is a quota that the host has set for the workspace. */
  isQuota?: true;
  /** Another window that the request must fit into. A request that does not is not counted in this one. */
  narrower?: Omit<RateBucket, 'narrower'>;
}

export const defaultBucket: RateBucket = { name: 'default', limit: 250_000, windowMs: 3_600_000 };

/** Counts one request against its workspace's rate, once. */
export interface Rate {
  window: RateWindow;
  /**
   * Counts the request in the narrower window only, before `window` is counted elsewhere. Throws when it is used up. null:
   * there is nothing to count.
   */
  chargeNarrower(): Promise<void> | null;
  /** Counts the request now. Throws when the window is used up. null: it is counted already. */
  charge(): Promise<void> | null;
  /** Notes that the request was counted elsewhere. Throws when the window was used up. */
  charged(charge: Charge): void;
}

/** A request that passed the checks of key, address, permission, body and, unless the route counts it, rate. */
export interface RouteRequest {
  workspaceId: number;
  apiKey: { id: string; name: string };
  requestId: string;
  /** The parsed JSON object, unchecked. `{}` on GET, and on DELETE without a body. */
  body: RawObject;
  /** The body as received. */
  rawBody: Buffer;
  /** The body as it comes. null: it is in `body` and `rawBody`. */
  stream: AsyncIterable<Buffer> | null;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  rate: Rate;
  /** Whether the caller wants an answer soon, with numbers of before or without any, and asks again. Absent: it waits. */
  isInHaste?: boolean;
  /** The request in its trace. null: it is not traced. */
  span: Span | null;
}

export interface Answer {
  status: number;
  body: object;
  /** A document instead of `body`. Only for operators. */
  html?: string;
  headers?: Readonly<Record<string, string>>;
}

/** One endpoint. It throws RequestError for a caller's mistake. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path in Fastify's form, such as `/dispatches/:dispatch_id`. */
  path: string;
  /** null: every key may call it. */
  permission: Permission | null;
  /** The query parameters that it knows. Others are refused. Default: none. */
  query?: readonly string[];
  /** Most levels of nesting of the body. Default: 40. */
  bodyDepth?: number;
  /** The content type of a body that is not read before `handle`, which gets it as a stream. Absent: it is a JSON object. */
  streams?: string;
  /** Largest body, in bytes. Default: that of the server. */
  bodyLimitBytes?: number;
  /** Largest body that is a form, in bytes. Default: `bodyLimitBytes`. */
  formLimitBytes?: number;
  /** Counts the bytes of its bodies together with others. A body for which there is no room is refused with 503. */
  bodies?: BytesInHand;
  /** Whether a body may be multipart/form-data. The route then finds `body` empty and reads `rawBody`. */
  takesForms?: boolean;
  /** Whether it knows the header `Idempotency-Key`. If not, a request with the header is refused, unless it is a GET. */
  knowsIdempotencyKey?: boolean;
  /** The member of the body that does the same. Absent: there is none. */
  insteadOfIdempotencyKey?: string;
  /** Chooses the rate bucket from the unchecked body. Default: `defaultBucket`. */
  bucket?(body: RawObject): RateBucket;
  /** Returns the earlier answer to a repeated request, which is not counted. null: the request is new. */
  replay?(request: RouteRequest): Promise<Answer | null> | null;
  /**
   * Whether the route counts its requests itself, with their work, as those do that accept messages to send. Requests it
   * leaves uncounted are counted afterwards.
   */
  countsItself?: boolean;
  /** Whether its requests are traced, if they are sampled. */
  isTraced?: boolean;
  handle(request: RouteRequest): Promise<Answer>;
}

import type { ServerResponse } from 'node:http';
import type { RawObject } from '../../lib/raw/json.ts';
import type { Actor } from '../../operators/audit.ts';
import type { OperatorRole } from '../../operators/roles.ts';
import type { Session } from '../../operators/sessions.ts';
import type { Answer } from '../route.ts';

/** A call of the console by somebody who is signed in and whose role suffices. */
export interface OperatorRequest {
  session: Session;
  workspaceId: number;
  /** Who it is, for the audit. */
  actor: Actor;
  requestId: string;
  /** The parsed JSON object, unchecked. `{}` on GET, and on DELETE without a body. */
  body: RawObject;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** The header `Idempotency-Key`. Absent: the request has none. */
  idempotencyKey?: string;
}

/** A call that needs no session: to begin one. */
export interface StrangerRequest extends Pick<OperatorRequest, 'body' | 'requestId'> {
  address: string;
  userAgent: string;
}

interface Described {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path in Fastify's form. It begins with `/operator/v1/`. */
  path: string;
  /** The query parameters that it knows. Others are refused. Default: none. */
  query?: readonly string[];
  /** Most levels of nesting of the body. Default: 40. */
  bodyDepth?: number;
}

/** An endpoint for operators. It throws RequestError for a caller's mistake. */
export interface SignedInRoute extends Described {
  /** The least role that may call it. */
  role: OperatorRole;
  handle(request: OperatorRequest): Promise<Answer>;
}

export interface StrangerRoute extends Described {
  /** null: nobody needs to be signed in. */
  role: null;
  handle(request: StrangerRequest): Promise<Answer>;
}

/** An endpoint that answers with a stream of events, to whoever may be cut off at any time. */
export interface OperatorStream extends Described {
  role: OperatorRole;
  /** Throws RequestError if there is no room. What it returns begins the stream, with these headers and its own. */
  open(
    request: Pick<OperatorRequest, 'session' | 'workspaceId'> & { lastEventId: string | null },
  ): (answer: ServerResponse, headers: Readonly<Record<string, string>>) => void;
  /** Ends all streams, before the server waits for its answers. */
  close(): Promise<void>;
}

export type OperatorRoute = SignedInRoute | StrangerRoute | OperatorStream;

/** How a request becomes that of somebody. */
export interface OperatorAccess {
  /** Throws RequestError if the request may come from a page of another site. */
  refuseOtherSites(request: OperatorCall): void;
  /**
   * Who calls, in the workspace of the URL. `asked`: its id; null: the operator's first one. Throws RequestError if nobody is
   * signed in, the role does not suffice, or the operator may not enter the workspace.
   */
  admit(request: OperatorCall, role: OperatorRole, asked: number | null): Promise<Session>;
}

export interface OperatorCall {
  method: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

import type { Database } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Json } from '../../lib/raw/json.ts';
import { recordChange } from '../../operators/audit.ts';
import type { OperatorRole } from '../../operators/roles.ts';
import { nameOf } from '../openapi/document.ts';
import type { Answer, Rate, Route } from '../route.ts';
import type { OperatorRequest, OperatorRoute } from './route.ts';

export const PREFIX = '/operator/v1';

/**
 * Endpoints of the public API that operators have, too, under the same path after `/operator/v1`, and the least role that
 * each needs. What reads is for viewers, what sends or stops sends for senders.
 */
export const mirrored: Readonly<Record<string, OperatorRole>> = {
  'POST /messages/send': 'sender',
  'POST /messages/preview': 'sender',
  'POST /audience/preview': 'viewer',
  'POST /audience/explain': 'viewer',
  'GET /dispatches': 'viewer',
  'GET /dispatches/:dispatch_id': 'viewer',
  'GET /dispatches/:dispatch_id/recipients': 'viewer',
  'POST /dispatches/:dispatch_id/cancel': 'sender',
  'POST /dispatches/:dispatch_id/pause': 'sender',
  'POST /dispatches/:dispatch_id/resume': 'sender',
  'GET /sandbox/messages': 'viewer',
  'GET /campaigns/list': 'viewer',
  'GET /campaigns/details': 'viewer',
  'GET /campaigns/data_series': 'viewer',
  'GET /users/messages': 'viewer',
  'GET /users/consent': 'viewer',
  'GET /push/apps': 'viewer',
  'GET /email/relays': 'viewer',
  'GET /subscription/accounts': 'viewer',
  'GET /status': 'viewer',
};

/** The endpoints for operators that do what those of the public API do. Each change leaves an audit record. */
export function mirroredRoutes(routes: readonly Route[], deps: { db: Database; clock: Clock }): OperatorRoute[] {
  const byName = new Map(routes.map((route) => [nameOf(route), route]));
  return Object.entries(mirrored).map(([name, role]) => {
    const route = byName.get(name);
    if (route === undefined) throw new Error(`there is no route ${name}`);
    return mirror(route, role, deps);
  });
}

function mirror(route: Route, role: OperatorRole, { db, clock }: { db: Database; clock: Clock }): OperatorRoute {
  return {
    method: route.method,
    path: `${PREFIX}${route.path}`,
    role,
    query: route.query ?? [],
    ...(route.bodyDepth !== undefined && { bodyDepth: route.bodyDepth }),
    async handle(request) {
      const asked = { ...publicRequest(route, request), rate: uncounted(request.workspaceId, clock) };
      const answer = (await route.replay?.(asked)) ?? (await route.handle(asked));
      if (isChange(route, answer)) await recordChange(db, request.actor, changeOf(route, request, answer), clock.now());
      return answer;
    },
  };
}

/** What is asked by a POST and changes nothing. */
const questions: ReadonlySet<string> = new Set(['/messages/preview', '/audience/preview', '/audience/explain']);

/** Whether something was changed: by nothing that reads, by no dry run, and by no answer that is given again. */
function isChange({ method, path }: Route, { status, body, headers }: Answer): boolean {
  if (method === 'GET' || questions.has(path) || status >= 300 || headers?.['idempotency-replayed'] !== undefined)
    return false;
  return !('dry_run' in body && body.dry_run === true);
}

/** The operator stands in for the key, so that what is sent names who sent it. */
function publicRequest(
  route: Route,
  { session, workspaceId, requestId, body, params, query, idempotencyKey }: OperatorRequest,
) {
  const { id, name } = session.operator;
  return {
    ...{ workspaceId, requestId, body, params, query },
    headers: route.knowsIdempotencyKey === true ? { 'idempotency-key': idempotencyKey } : {},
    apiKey: { id, name: `operator ${name}` },
    rawBody: Buffer.from(JSON.stringify(body)),
    stream: null,
  };
}

/** Sends count their requests as they are stored, so they need a window. */
const WINDOW_MS = 60_000;

/** Operators are few, so their requests use up no rate. */
function uncounted(workspaceId: number, clock: Clock): Rate {
  const nowMs = Math.floor(clock.now().getTime() / WINDOW_MS) * WINDOW_MS;
  const limit = Number.MAX_SAFE_INTEGER;
  return {
    window: { workspaceId, bucket: 'operator', startedAt: nowMs, endsAt: nowMs + WINDOW_MS, limit },
    chargeNarrower: async () => undefined,
    charge: async () => undefined,
    charged: () => undefined,
  };
}

const LONGEST_RECORDED = 10_000;

function changeOf(route: Route, { params, body }: OperatorRequest, { body: answer }: Answer) {
  const text = JSON.stringify(body);
  const asked: Json = text.length <= LONGEST_RECORDED ? JSON.parse(text) : { left_out: `${text.length} characters` };
  const { state = null, dispatch_id: dispatchId } = answer as { state?: Json; dispatch_id?: string };
  const [subject = dispatchId ?? route.path] = Object.values(params);
  return { action: nameOf(route), subject, before: null, after: { asked, state } };
}

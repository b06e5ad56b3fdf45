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
  'GET /dispatches': 'viewer',
  'GET /dispatches/:dispatch_id': 'viewer',
  'GET /dispatches/:dispatch_id/recipients': 'viewer',
  'POST /dispatches/:dispatch_id/cancel': 'sender',
  'POST /dispatches/:dispatch_id/pause': 'sender',
  'POST /dispatches/:dispatch_id/resume': 'sender',
  'GET /sandbox/messages': 'viewer',
  'GET /campaigns/list': 'viewer',
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
      const answer = await route.handle({ ...publicRequest(request), rate: uncounted(request.workspaceId, clock) });
      const isChange = route.method !== 'GET' && answer.status < 300;
      if (isChange) await recordChange(db, request.actor, changeOf(route, request, answer), clock.now());
      return answer;
    },
  };
}

/** The operator stands in for the key, so that what is sent names who sent it. */
function publicRequest({ session, workspaceId, requestId, body, params, query }: OperatorRequest) {
  const { id, name } = session.operator;
  return {
    ...{ workspaceId, requestId, body, params, query, headers: {} },
    apiKey: { id, name: `operator ${name}` },
    rawBody: Buffer.from(JSON.stringify(body)),
    stream: null,
  };
}

/** Operators are few, so their requests use up no rate. */
function uncounted(workspaceId: number, clock: Clock): Rate {
  const nowMs = clock.now().getTime();
  const limit = Number.MAX_SAFE_INTEGER;
  return {
    window: { workspaceId, bucket: 'operator', startedAt: nowMs, endsAt: nowMs, limit },
    chargeNarrower: async () => undefined,
    charge: async () => undefined,
    charged: () => undefined,
  };
}

const LONGEST_RECORDED = 10_000;

function changeOf(route: Route, { params, body }: OperatorRequest, { body: answer }: Answer) {
  const [subject = route.path] = Object.values(params);
  const text = JSON.stringify(body);
  const asked: Json = text.length <= LONGEST_RECORDED ? JSON.parse(text) : { left_out: `${text.length} characters` };
  const { state = null } = answer as { state?: Json };
  return { action: nameOf(route), subject, before: null, after: { asked, state } };
}

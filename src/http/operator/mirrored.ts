import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Json, own } from '../../lib/raw/json.ts';
import { recordChange } from '../../operators/audit.ts';
import type { OperatorRole } from '../../operators/roles.ts';
import { nameOf } from '../openapi/document.ts';
import type { Answer, Rate, Route, RouteRequest } from '../route.ts';
import type { OperatorRequest, OperatorRoute } from './route.ts';

export const PREFIX = '/operator/v1';

/**
 * Endpoints of the public API that operators have, too, under the same path after `/operator/v1`, and the least role that
 * each needs. What reads is for viewers, what sends or stops sends for senders, and what changes definitions or addresses for
 * admins.
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
  'GET /event_webhooks': 'viewer',
  'POST /event_webhooks/:name/pause': 'admin',
  'POST /event_webhooks/:name/resume': 'admin',
  'POST /event_webhooks/:name/replay': 'admin',
  'GET /email/hard_bounces': 'viewer',
  'GET /email/unsubscribes': 'viewer',
  'POST /email/blocklist': 'admin',
  'POST /email/bounce/remove': 'admin',
  'POST /email/spam/remove': 'admin',
  'GET /sms/invalid_phone_numbers': 'viewer',
  'POST /sms/invalid_phone_numbers/remove': 'admin',
  'GET /templates/email/list': 'viewer',
  'GET /templates/email/info': 'viewer',
  'POST /templates/email/create': 'admin',
  'POST /templates/email/update': 'admin',
  'GET /content_blocks/list': 'viewer',
  'GET /content_blocks/info': 'viewer',
  'POST /content_blocks/create': 'admin',
  'POST /content_blocks/update': 'admin',
};

/**
 * What a change finds before it, for the audit: the endpoint that reads it, and the member of the body that names it there.
 */
const readBefore: Readonly<Record<string, { by: string; member: string }>> = {
  'POST /templates/email/update': { by: 'GET /templates/email/info', member: 'email_template_id' },
  'POST /content_blocks/update': { by: 'GET /content_blocks/info', member: 'content_block_id' },
};

/** The endpoints for operators that do what those of the public API do. Each change leaves an audit record. */
export function mirroredRoutes(routes: readonly Route[], deps: { db: Database; clock: Clock }): OperatorRoute[] {
  const byName = new Map(routes.map((route) => [nameOf(route), route]));
  return Object.entries(mirrored).map(([name, role]) => {
    const route = byName.get(name);
    if (route === undefined) throw new Error(`there is no route ${name}`);
    const before = readBefore[name];
    const reader = before && byName.get(before.by);
    return mirror(route, role, { ...deps, before: reader && before ? { ...before, reader } : null });
  });
}

interface MirrorDeps {
  db: Database;
  clock: Clock;
  before: { reader: Route; member: string } | null;
}

function mirror(route: Route, role: OperatorRole, { db, clock, before }: MirrorDeps): OperatorRoute {
  return {
    method: route.method,
    path: `${PREFIX}${route.path}`,
    role,
    query: route.query ?? [],
    ...(route.bodyDepth !== undefined && { bodyDepth: route.bodyDepth }),
    async handle(request) {
      const asked = {
        ...publicRequest(route, request),
        rate: uncounted(request.workspaceId, clock),
        span: null,
        isInHaste: true,
      };
      const known = before === null ? null : await foundBefore(before, asked);
      const answer = (await route.replay?.(asked)) ?? (await route.handle(asked));
      if (isChange(route, answer))
        await recordChange(db, request.actor, changeOf(route, request, answer, known), clock.now());
      return answer;
    },
  };
}

/** What was there before a change, as the members that are asked to change. null: nothing, and the change itself says so. */
async function foundBefore({ reader, member }: NonNullable<MirrorDeps['before']>, asked: RouteRequest): Promise<Json> {
  const id = own(asked.body, member);
  if (typeof id !== 'string') return null;
  try {
    const query = new URLSearchParams({ [member]: id });
    const { status, body } = await reader.handle({ ...asked, body: {}, query });
    if (status !== 200) return null;
    return recorded(Object.fromEntries(Object.entries(body).filter(([name]) => Object.hasOwn(asked.body, name))));
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
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

/** The value as JSON, or its length if it is too long to be kept with every change. */
function recorded(value: object): Json {
  const text = JSON.stringify(value);
  return text.length <= LONGEST_RECORDED ? JSON.parse(text) : { left_out: `${text.length} characters` };
}

function changeOf(route: Route, { params, body }: OperatorRequest, { body: answer }: Answer, before: Json) {
  const { state = null, dispatch_id: dispatchId } = answer as { state?: Json; dispatch_id?: string };
  const [named] = [...Object.values(params), ...idsIn(body)];
  const subject = named ?? dispatchId ?? route.path;
  return { action: nameOf(route), subject, before, after: { asked: recorded(body), state } };
}

/** The id of what a body changes. */
function idsIn(body: OperatorRequest['body']): string[] {
  return ['email_template_id', 'content_block_id'].flatMap((member) => {
    const id = own(body, member);
    return typeof id === 'string' && id.length <= 100 ? [id] : [];
  });
}

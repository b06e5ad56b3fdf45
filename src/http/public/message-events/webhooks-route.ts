import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { type DeliveryState, listDeliveries, replayFrom, setDelivery } from '../../../feedback/out/deliveries.ts';
import { placeBefore } from '../../../feedback/out/feed.ts';
import { describe, namesNo, own } from '../../../lib/raw/json.ts';
import { readDate } from '../../../lib/raw/lenient.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';

export interface EventWebhookDeps {
  db: Database;
  /** Called when a webhook may have something to do. */
  onChanged(): void;
}

/** The webhooks by which events go out: how each fares, and orders to pause, resume and replay. */
export function eventWebhookRoutes({ db, onChanged }: EventWebhookDeps): Route[] {
  const order = (
    verb: string,
    obey: (request: RouteRequest, of: { workspaceId: number; name: string }) => Promise<boolean>,
  ): Route => ({
    method: 'POST',
    path: `/event_webhooks/:name/${verb}`,
    permission: 'event_webhooks.control',
    async handle(request) {
      const { workspaceId, params } = request;
      const { name = '' } = params;
      // PostgreSQL takes no NUL in a text, so nothing is called so.
      const isKnown = !name.includes('\0') && (await obey(request, { workspaceId, name }));
      if (!isKnown) throw new RequestError('not_found', [`name: ${namesNo('a webhook of events', name)}`]);
      onChanged();
      return { status: 201, body: { message: 'success' } };
    },
  });
  return [
    {
      method: 'GET',
      path: '/event_webhooks',
      permission: 'message_events.read',
      handle: ({ workspaceId }) => list(db, workspaceId),
    },
    order('pause', (_request, of) => setDelivery(db, of, 'paused')),
    order('resume', (_request, of) => setDelivery(db, of, 'active')),
    order('replay', async ({ body, workspaceId }, of) => {
      const place = await placeBefore(db, workspaceId, readSince(body));
      if (place === null) throw new RequestError('bad_request', ['since: no event was received at or after this time']);
      return replayFrom(db, of, place);
    }),
  ];
}

function readSince(body: RouteRequest['body']): Date {
  const value = own(body, 'since');
  const reading = typeof value === 'string' ? readDate(value) : null;
  if (reading?.ok && reading.value instanceof Date) return reading.value;
  throw new RequestError('bad_request', [
    `since: expected a time such as 2026-11-29T12:00:00Z, got ${describe(value)}`,
  ]);
}

async function list(db: Database, workspaceId: number): Promise<Answer> {
  const webhooks = (await listDeliveries(db, workspaceId)).map(shown);
  return { status: 200, body: { event_webhooks: webhooks, message: 'success' } };
}

function shown({ name, state, is_current, waiting, failures, given_up, ...last }: DeliveryState): object {
  return {
    ...{ name, state, is_current, waiting_for_retry: waiting, failures_in_a_row: failures, given_up },
    last_status: last.last_status,
    last_problem: last.last_problem,
    last_delivered_at: last.delivered_at,
    not_called_before: last.blocked_until,
  };
}

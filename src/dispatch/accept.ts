import { isDataError } from '../db/data-error.ts';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import { createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import { undashed, v7 } from '../lib/uuid.ts';
import { isBroadcast, laneOf, type SendPlan } from './plan.ts';

/** For how long an idempotency key stands for its first request. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;

/** What is written down, in one durable commit, before a caller hears "success". */
export interface Acceptance {
  workspaceId: number;
  apiKeyId: string;
  requestId: string;
  plan: SendPlan;
  /** True when the plan's send id was made by us and is to be known from now on. */
  sendIdIsNew: boolean;
  /** Makes the answer to the caller, which is kept with the idempotency key. */
  answerOf(dispatchId: string): object;
  idempotency: { key: string; path: string; bodyHash: Buffer } | null;
  /** For the developer console; null when this request leaves no record. */
  activity: object | null;
}

export interface Accepted {
  dispatchId: string;
  answer: object;
}

export interface Acceptor {
  accept(acceptance: Acceptance): Promise<Accepted>;
  /** Resolves when nothing is being written. */
  idle(): Promise<void>;
}

interface Row extends Acceptance {
  dispatchId: string;
  answer: object;
}

export interface AcceptorOptions {
  db: Database;
  clock: Clock;
  /** Told after the commit, so that a worker in this process starts at once. */
  onAccepted(row: { dispatchId: string; plan: SendPlan; lane: number }): void;
}

/** Stores dispatches with their first task; requests that arrive during a commit share the next one. */
export function createAcceptor({ db, clock, onAccepted }: AcceptorOptions): Acceptor {
  const submit = createBatcher<Row, boolean>({
    run: (rows) => store(db, rows, clock.now()),
    isOnesFault: isDataError,
    maxItems: 500,
    maxWaiting: 20_000,
    whenFull: () => new RequestError('unavailable', ['too many requests are waiting to be stored; try again'], 1),
  });
  return {
    async accept(acceptance) {
      const dispatchId = v7(clock.now());
      const answer = acceptance.answerOf(dispatchId);
      const stored = await submit({ ...acceptance, dispatchId, answer });
      // Another process took the same key first; its answer is found on the next look.
      if (!stored) throw new RequestError('idempotency_running', [], 1);
      onAccepted({ dispatchId, plan: acceptance.plan, lane: laneOf(acceptance.plan) });
      return { dispatchId, answer };
    },
    idle: submit.idle,
  };
}

/** True for each row that was stored; false where its idempotency key was taken. One statement, one commit. */
async function store(db: Database, rows: Row[], now: Date): Promise<boolean[]> {
  const stored = await db.prepared<{ id: string }>(
    'accept_dispatches',
    sql`
    with given as materialized (
      select * from json_to_recordset(${JSON.stringify(rows.map(toJson))}::json) as x(
        id uuid, workspace_id integer, api_key_id uuid, request_id uuid, lane smallint, kind text, request text,
        campaign_id text, send_id text, send_id_is_new boolean, key text, path text, body_hash text, answer text,
        activity text)
    ), keyed as (
      insert into idempotency_keys (workspace_id, path, key, body_hash, dispatch_id, answer, created_at)
      select workspace_id, path, key, decode(body_hash, 'hex'), id, answer::json, ${now}
        from given
       where key is not null
          on conflict (workspace_id, path, key) do update
         set body_hash = excluded.body_hash, dispatch_id = excluded.dispatch_id, answer = excluded.answer,
             created_at = excluded.created_at
       where idempotency_keys.created_at <= ${new Date(now.getTime() - IDEMPOTENCY_MS)}
      returning dispatch_id
    ), fresh as materialized (
      select * from given where key is null or id in (select dispatch_id from keyed)
    ), dispatched as (
      insert into dispatches (id, workspace_id, accepted_at, api_key_id, request_id, lane, state, request, campaign_id,
                              send_id, open_tasks)
      select id, workspace_id, ${now}, api_key_id, request_id, lane, 'accepted', request::json, campaign_id, send_id, 1
        from fresh
    ), tasked as (
      insert into tasks (dispatch_id, workspace_id, lane, kind, run_at)
      select id, workspace_id, lane, kind, ${now}
        from fresh
    ), sent as (
      insert into send_ids (campaign_id, send_id, created_at)
      select campaign_id, send_id, ${now}
        from fresh
       where send_id_is_new
    ), logged as (
      insert into activity_log (id, workspace_id, occurred_at, category, dispatch_id, record)
      select id, workspace_id, ${now}, 'API message record', id, activity::json
        from fresh
       where activity is not null
    ), announced as materialized (
      select pg_notify('tasks', lane::text) from (select distinct lane from fresh) as lanes
    )
    select id from fresh left join (select count(*) from announced) as once on true`,
  );
  const ids = new Set(stored.map(({ id }) => undashed(id)));
  return rows.map(({ dispatchId }) => ids.has(dispatchId));
}

function toJson(row: Row): object {
  const { plan, idempotency } = row;
  return {
    id: row.dispatchId,
    workspace_id: row.workspaceId,
    api_key_id: row.apiKeyId,
    request_id: row.requestId,
    lane: laneOf(plan),
    kind: isBroadcast(plan) ? 'expand' : 'drain',
    // Texts in texts: only the type json itself takes every escape that JSON knows, \\u0000 among them.
    request: JSON.stringify(plan),
    campaign_id: plan.campaignId,
    send_id: plan.sendId,
    send_id_is_new: row.sendIdIsNew,
    key: idempotency?.key ?? null,
    path: idempotency?.path ?? null,
    body_hash: idempotency?.bodyHash.toString('hex') ?? null,
    answer: JSON.stringify(row.answer),
    activity: row.activity && JSON.stringify(row.activity),
  };
}

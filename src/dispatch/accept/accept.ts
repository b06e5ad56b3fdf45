import type { Database } from '../../db/database.ts';
import { isLostRace } from '../../db/retry.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import { isDataError } from '../../db/sqlstates.ts';
import { RequestError } from '../../errors.ts';
import { createBatcher } from '../../lib/batcher.ts';
import type { Clock } from '../../lib/clock.ts';
import { undashed, v7 } from '../../lib/uuid.ts';
import { announcingTasks, insertTasks } from '../../queue/new-tasks.ts';
import { insertActivity } from '../ledger/activity-log.ts';
import { insertDispatches } from '../ledger/dispatches/dispatches.ts';
import { isBroadcast, laneOf, type SendPlan } from '../plan/send-plan.ts';
import {
  type Charge,
  type CountedWindow,
  chargesOf,
  countWindows,
  type RateWindow,
  type Tally,
  tally,
} from './rate-windows.ts';

/** Time for which an idempotency key stands for its first request, in milliseconds. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;

/** An accepted request. It is written in one durable commit before the caller hears "success". */
export interface Acceptance {
  workspaceId: number;
  apiKeyId: string;
  requestId: string;
  plan: SendPlan;
  /** The id that it gets, of `v7`. Absent: a new one. */
  dispatchId?: string;
  /** True: the server made the plan's send id, and stores it as known. */
  sendIdIsNew: boolean;
  /** Makes the answer to the caller. It is stored with the idempotency key. */
  answerOf(dispatchId: string): object;
  idempotency: { key: string; path: string; bodyHash: Buffer } | null;
  /** The record for the developer console. null: this request leaves none. */
  activity: object | null;
  /** The `traceparent` under which the dispatch goes on. Absent: it is not traced. */
  trace?: string | undefined;
  /**
   * The same statement counts the request, and stores it only if it is within the limit of its window. null: it was
   * counted before.
   */
  rate: {
    window: RateWindow;
    /** Told the count, whether the request is stored or refused. Throws if it is refused. */
    charged(charge: Charge): void;
  } | null;
}

export interface Accepted {
  dispatchId: string;
  answer: object;
}

export interface Acceptor {
  accept(acceptance: Acceptance): Promise<Accepted>;
  /** Resolves when no request is being written. */
  idle(): Promise<void>;
}

interface Row extends Acceptance {
  dispatchId: string;
  answer: object;
  /** The plan as JSON. */
  request: string;
}

interface Stored {
  /** null: the request was counted before. */
  charge: Charge | null;
  /** True: another request has taken the idempotency key. */
  keyTaken: boolean;
}

export interface AcceptorOptions {
  db: Database;
  clock: Clock;
  /** Called after the commit, so that a worker in this process starts at once. */
  onAccepted(row: { dispatchId: string; plan: SendPlan; request: string; lane: number }): void;
}

/** Counts and stores requests, each with its first task. Requests that arrive during a commit share the next one. */
export function createAcceptor({ db, clock, onAccepted }: AcceptorOptions): Acceptor {
  const submit = createBatcher<Row, Stored>({
    run: (rows) => store(db, rows, clock.now()),
    isOnesFault: (error) => isDataError(error) || isLostRace(error),
    maxItems: 500,
    sizeOf: ({ request }) => request.length,
    // Ten megabytes of escaped JSON are one parameter of the statement; and what waits is bounded, too.
    maxRunSize: 8 * 1_048_576,
    maxWaiting: 20_000,
    maxWaitingSize: 64 * 1_048_576,
    whenFull: () => new RequestError('unavailable', ['too many requests are waiting to be stored; try again'], 1),
  });
  return {
    async accept(acceptance) {
      const { dispatchId = v7(clock.now()) } = acceptance;
      const answer = acceptance.answerOf(dispatchId);
      const request = JSON.stringify(acceptance.plan);
      const { charge, keyTaken } = await submit({ ...acceptance, dispatchId, answer, request });
      if (charge !== null) acceptance.rate?.charged(charge);
      // Another process took the same key first. The caller gets that answer when it tries again.
      if (keyTaken) throw new RequestError('idempotency_running', [], 1);
      onAccepted({ dispatchId, plan: acceptance.plan, request, lane: laneOf(acceptance.plan) });
      return { dispatchId, answer };
    },
    idle: submit.idle,
  };
}

async function store(db: Database, rows: Row[], now: Date): Promise<Stored[]> {
  const asked = tally(rows.flatMap(({ rate }) => (rate === null ? [] : rate.window)));
  const { name, statement } = storing(rows, asked, now);
  const [found] = await db.prepared<{ windows: CountedWindow[] | null; taken: string[] | null }>(name, statement);
  const charges = chargesOf(asked, found?.windows ?? [], now.getTime()).values();
  const taken = new Set(found?.taken?.map(undashed));
  return rows.map(({ rate, dispatchId }) => ({
    charge: rate === null ? null : (charges.next().value ?? null),
    keyTaken: taken.has(dispatchId),
  }));
}

/**
 * The statement that stores a batch, in one commit. It leaves out the parts that no row needs: few requests have an
 * idempotency key, and each insert has a fixed cost even if it inserts nothing.
 */
function storing(rows: Row[], asked: Tally, now: Date): { name: string; statement: Sql } {
  const isKeyed = rows.some(({ idempotency }) => idempotency !== null);
  const isLogged = rows.some(({ activity, sendIdIsNew }) => activity !== null || sendIdIsNew);
  const isCounted = rows.some(({ rate }) => rate === null);
  const places = asked.places.values();
  const given = rows.map((row) => toJson(row, row.rate === null ? undefined : places.next().value?.place));
  const statement = sql`
    with charged as (${countWindows(asked)}
    ), given as materialized (
      select * from json_to_recordset(${JSON.stringify(given)}::json) as x(
        id uuid, workspace_id integer, bucket text, started_at timestamptz, place bigint, api_key_id uuid,
        request_id uuid, lane smallint, kind text, request text, campaign_id text, segment_id text, send_id text,
        send_id_is_new boolean, key text, path text, body_hash text, answer text, activity text, trace text)
    ), admitted as materialized (
      select given.*
        from given
        -- Sorted, so that all windows are locked before the first key: two servers cannot deadlock.
        ${isCounted ? sql`left join` : sql`join`} (select * from charged order by workspace_id, bucket, started_at) as counted
       using (workspace_id, bucket, started_at)
       where ${isCounted ? sql`place is null or` : empty} place <= most - prior
    )${isKeyed ? keyed(now) : withoutKeys}, dispatched as (${insertDispatches(sql`fresh`, now)}
    ), tasked as (
      ${insertTasks(sql`select id, workspace_id, lane, kind, null::integer, ${now} from fresh`)}
    )${isLogged ? logged(now) : empty}, announced as materialized (
      ${announcingTasks(sql`(select distinct lane from fresh) as lanes`)}
    )
    select (select json_agg(charged) from charged) as windows,
           ${isKeyed ? keysTaken : sql`null::json`} as taken,
           (select count(*) from announced)`;
  const kind = `${isKeyed ? '_keyed' : ''}${isLogged ? '_logged' : ''}${isCounted ? '_counted' : ''}`;
  return { name: `accept${kind}`, statement };
}

const keysTaken = sql`(select json_agg(id) from admitted where id not in (select id from fresh))`;
const withoutKeys = sql`, fresh as (select * from admitted)`;

/** Takes the idempotency keys in key order, so that two processes cannot deadlock. */
function keyed(now: Date): Sql {
  return sql`, keyed as (
      insert into idempotency_keys (workspace_id, path, key, body_hash, dispatch_id, answer, created_at)
      select workspace_id, path, key, decode(body_hash, 'hex'), id, answer::json, ${now}
        from admitted
       where key is not null
       order by workspace_id, path, key
          on conflict (workspace_id, path, key) do update
         set body_hash = excluded.body_hash, dispatch_id = excluded.dispatch_id, answer = excluded.answer,
             created_at = excluded.created_at
       where idempotency_keys.created_at <= ${new Date(now.getTime() - IDEMPOTENCY_MS)}
      returning dispatch_id
    ), fresh as materialized (
      select * from admitted where key is null or id in (select dispatch_id from keyed)
    )`;
}

function logged(now: Date): Sql {
  return sql`, sent as (
      insert into send_ids (campaign_id, send_id, created_at)
      select campaign_id, send_id, ${now}
        from fresh
       where send_id_is_new
    ), logged as (
      ${insertActivity(sql`
      select id, workspace_id, ${now}, 'API message record', id, activity::json
        from fresh
       where activity is not null`)}
    )`;
}

function toJson(row: Row, place: number | undefined): object {
  const { plan, idempotency, rate } = row;
  return {
    id: row.dispatchId,
    workspace_id: row.workspaceId,
    ...(rate && { bucket: rate.window.bucket, started_at: new Date(rate.window.startedAt).toISOString(), place }),
    api_key_id: row.apiKeyId,
    request_id: row.requestId,
    lane: laneOf(plan),
    kind: isBroadcast(plan) ? 'expand' : 'drain',
    // JSON inside a text, because only the type json takes every escape that JSON knows, such as \\u0000.
    request: row.request,
    campaign_id: plan.campaignId ?? undefined,
    segment_id: plan.segmentId ?? undefined,
    send_id: plan.sendId ?? undefined,
    send_id_is_new: row.sendIdIsNew || undefined,
    trace: row.trace,
    ...(idempotency && {
      key: idempotency.key,
      path: idempotency.path,
      body_hash: idempotency.bodyHash.toString('hex'),
      answer: JSON.stringify(row.answer),
    }),
    activity: row.activity === null ? undefined : JSON.stringify(row.activity),
  };
}

import { isDataError } from '../db/data-error.ts';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { type Batcher, createBatcher } from '../lib/batcher.ts';
import type { Clock } from '../lib/clock.ts';
import { type PendingSend, releasePlaces, type Verdict } from './ledger.ts';

/** What came of one attempt, to be written down. */
export interface Result {
  send: PendingSend;
  workspaceId: number;
  /** Where it was delivered to; null for channels without an address. */
  address: string | null;
  verdict: Verdict;
  /** The message as it was delivered to the sandbox; null when a real provider got it. */
  sandboxMessage: object | null;
}

export type Recorder = Batcher<Result, null>;

/** Writes results in groups: whoever comes back from a provider during a commit shares the next one. */
export function createRecorder({ db, clock, onRetry }: RecorderOptions): Recorder {
  return createBatcher<Result, null>({
    async run(results) {
      await persistently(() => record(db, results, clock.now()), clock, onRetry);
      return results.map(() => null);
    },
    isOnesFault: isDataError,
    maxItems: 1_000,
    maxWaiting: 100_000,
    whenFull: () => new Error('the recorder is far behind'),
  });
}

interface RecorderOptions {
  db: Database;
  clock: Clock;
  /** Told when results could not be written yet. */
  onRetry(error: unknown): void;
}

const WAITS_MS = [100, 500, 1_000, 2_000, 4_000, 8_000, 8_000];

/** A delivered message whose result is lost would be sent again: worth waiting for the database for half a minute. */
async function persistently(work: () => Promise<void>, clock: Clock, onRetry: (error: unknown) => void): Promise<void> {
  for (const waitMs of WAITS_MS) {
    try {
      return await work();
    } catch (error) {
      if (isDataError(error)) throw error; // waiting does not mend it
      onRetry(error);
      await new Promise<void>((next) => clock.after(waitMs, next));
    }
  }
  return work();
}

async function record(db: Database, results: Result[], now: Date): Promise<void> {
  const bounced = results.filter(({ send, verdict }) => send.channel === 'email' && verdict.status === 'bounced');
  const released = results.filter(({ verdict }) => verdict.releasesPlace);
  const delivered = results.filter(({ sandboxMessage }) => sandboxMessage !== null);
  const writes: ((db: Db) => Promise<unknown>)[] = [(on) => writeVerdicts(on, results, now)];
  if (delivered.length > 0) writes.push((on) => fillSandbox(on, delivered, now));
  if (bounced.length > 0) writes.push((on) => markBounced(on, bounced, now));
  if (released.length > 0)
    writes.push((on) =>
      releasePlaces(
        on,
        released.map(({ send }) => send),
      ),
    );
  const [only] = writes;
  if (writes.length === 1 && only) await only(db);
  else
    await db.transaction(async (tx) => {
      for (const write of writes) await write(tx);
    });
}

async function writeVerdicts(db: Db, results: Result[], now: Date): Promise<void> {
  const sends = results.map(({ send }) => send);
  const verdicts = results.map(({ verdict }) => verdict);
  await db.prepared(
    'record_verdicts',
    sql`
    update sends s
       set status = x.status::send_status, due_at = x.due_at, reason = x.reason, detail = x.detail,
           provider_code = x.provider_code, provider_message_id = x.provider_message_id, updated_at = ${now}
      from unnest(${sends.map(({ bucket }) => bucket)}::integer[], ${sends.map(({ dispatchId }) => dispatchId)}::uuid[],
                  ${sends.map(({ userId }) => userId)}::bigint[], ${sends.map(({ channel }) => channel)}::text[],
                  ${verdicts.map(({ status }) => status)}::text[],
                  ${verdicts.map(({ dueAt }) => dueAt ?? null)}::timestamptz[],
                  ${verdicts.map(({ reason }) => reason ?? null)}::text[],
                  ${verdicts.map(({ detail }) => plain(detail))}::text[],
                  ${verdicts.map(({ providerCode }) => plain(providerCode))}::text[],
                  ${verdicts.map(({ providerMessageId }) => plain(providerMessageId))}::text[])
             as x(bucket, dispatch_id, user_id, channel, status, due_at, reason, detail, provider_code,
                  provider_message_id)
     where s.bucket = x.bucket and s.dispatch_id = x.dispatch_id and s.user_id = x.user_id and s.channel = x.channel
       and s.status = 'sending'`,
  );
}

/** The sandbox keeps one message per send, however often it was tried. */
async function fillSandbox(db: Db, results: Result[], now: Date): Promise<void> {
  const rows = results.map(({ send, workspaceId, address, sandboxMessage }) => ({
    bucket: send.bucket,
    dispatch_id: send.dispatchId,
    user_id: send.userId,
    channel: send.channel,
    workspace_id: workspaceId,
    address,
    message: JSON.stringify(sandboxMessage),
  }));
  await db.prepared(
    'fill_sandbox',
    sql`
    insert into sandbox_messages (bucket, dispatch_id, user_id, channel, workspace_id, address, message, delivered_at)
    select bucket, dispatch_id, user_id, channel, workspace_id, address, message::json, ${now}
      from json_to_recordset(${JSON.stringify(rows)}::json)
        as x(bucket integer, dispatch_id uuid, user_id bigint, channel text, workspace_id integer, address text,
             message text)
        on conflict do nothing`,
  );
}

/** The flag hangs on the address: it holds for everybody who has it, and no longer once the address is changed. */
async function markBounced(db: Db, results: Result[], now: Date): Promise<void> {
  await db.run(sql`
    insert into addresses (workspace_id, kind, address, hard_bounced_at)
    select distinct workspace_id, 'email', lower(address), ${now}::timestamptz
      from unnest(${results.map(({ workspaceId }) => workspaceId)}::integer[],
                  ${results.map(({ address }) => address)}::text[]) as x(workspace_id, address)
     where address is not null
     order by 1, 2, 3
        on conflict (workspace_id, kind, address) do update
       set hard_bounced_at = coalesce(addresses.hard_bounced_at, excluded.hard_bounced_at)`);
}

/** What a provider said, in a form that PostgreSQL takes and a table shows. */
function plain(text: string | null | undefined): string | null {
  return (
    text
      ?.toWellFormed()
      .replace(/\p{Cc}+/gu, ' ')
      .slice(0, 500) ?? null
  );
}

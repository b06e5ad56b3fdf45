import { channels } from '../../channels/index.ts';
import type { Database, Db } from '../../db/database.ts';
import { type Patience, persistently } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { isDataError } from '../../db/sqlstates.ts';
import { createGatherer, type Gatherer } from '../../lib/gatherer.ts';
import type { Delivered } from '../ledger/delivered.ts';
import { releasePlaces } from '../ledger/ledger.ts';
import type { PendingSend } from '../ledger/send.ts';
import { writeVerdicts } from '../ledger/write-verdicts.ts';
import type { TokenHygiene } from '../push/token-hygiene.ts';

/** What came of one attempt, to be written down. */
export interface Result extends Delivered {
  send: PendingSend;
  workspaceId: number;
  /** Where it was delivered to; null for channels without an address. */
  address: string | null;
  /** The message as it was delivered to the sandbox; null when a real provider got it. */
  sandboxMessage: object | null;
}

export type Recorder = Gatherer<Result>;

/** At least so long between two groups: under load each then holds what came back within that time. */
const GATHER_MS = 10;
/** Of threads that share broadcasts, so that the groups of each are not the smaller for it. */
const SHARED_GATHER_MS = 20;
const MAX_RESULTS = 1_000;

/** Writes results in groups: whoever comes back from a provider while one is written shares the next. */
export function createRecorder(options: RecorderOptions): Recorder {
  return createGatherer<Result>({
    // A delivered message whose result is lost would be sent again.
    run: (results) => persistently(() => record(options, results, options.clock.now()), options),
    isOnesFault: isDataError,
    maxItems: MAX_RESULTS,
    everyMs: options.isShared ? SHARED_GATHER_MS : GATHER_MS,
  });
}

export interface RecorderOptions extends Patience {
  db: Database;
  hygiene: TokenHygiene;
  /** Other threads record results of the same broadcasts. */
  isShared: boolean;
}

async function record({ db, hygiene }: RecorderOptions, results: Result[], now: Date): Promise<void> {
  for (const { calls } of results) if (calls.length > 0) hygiene.count(calls);
  const bounced = results.filter(
    ({ send, verdict }) => verdict.status === 'bounced' && channels[send.channel].deadMark === 'hard_bounced',
  );
  const released = results.filter(({ verdict }) => verdict.releasesPlace);
  const delivered = results.filter(({ sandboxMessage }) => sandboxMessage !== null);
  const news = results.flatMap((result) => result.news);
  const isPlain = bounced.length + released.length + delivered.length + news.length === 0;
  if (isPlain && !hygiene.hasCounts(now)) return writeVerdicts(db.byKey, results, now);
  const afterwards = await db.byKey.transaction(async (tx) => {
    await writeVerdicts(tx, results, now);
    if (delivered.length > 0) await fillSandbox(tx, delivered, now);
    if (bounced.length > 0) await markBounced(tx, bounced, now);
    if (released.length > 0)
      await releasePlaces(
        tx,
        released.map(({ send }) => send),
      );
    return hygiene.write(tx, news, now);
  });
  afterwards();
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

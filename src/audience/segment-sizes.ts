import type { Logger } from 'pino';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import type { Clock } from '../lib/clock.ts';
import { type Catalog, idKey, type Segment, type WorkspaceCatalog } from '../workspace/catalog.ts';
import { filterOf } from './context.ts';
import { compileTargeting } from './targeting.ts';
import { AudienceTooExpensive, estimateProfiles, withinTimeLimit } from './time-limit.ts';

const HOUR_MS = 3_600_000;
const FIRST_MS = 60_000;

/** The number of people in a segment, as counted on a day. */
export interface SegmentSize {
  /** YYYY-MM-DD in UTC. */
  day: string;
  size: number;
}

/** The sizes of these days, oldest first. Days on which nobody counted are absent. */
export function readSegmentSizes(
  db: Db,
  segmentId: string,
  { from, to }: { from: string; to: string },
): Promise<SegmentSize[]> {
  return db.query<SegmentSize & Record<string, unknown>>(sql`
    select day::text, size
      from segment_sizes
     where segment_id = ${segmentId} and day between ${from}::date and ${to}::date
     order by day`);
}

export interface SizeQuestion {
  segment: Segment;
  workspace: WorkspaceCatalog;
  now: Date;
}

/**
 * Counts a segment and stores the size as that of today, unless it was counted within `freshMs`. Two processes count one
 * after the other, so that the second finds what the first has counted. Throws AudienceTooExpensive.
 */
export async function countSegment(
  db: Database,
  { segment, workspace, now }: SizeQuestion,
  freshMs: number,
): Promise<void> {
  if (await isFresh(db, segment.id, now, freshMs)) return;
  const { inSegment } = compileTargeting({ segment: filterOf(segment), audience: null }, { now, workspace });
  await withinTimeLimit(db, await estimateProfiles(db), async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(hashtext('cresset segment sizes'), hashtext(${segment.id}))`);
    if (await isFresh(tx, segment.id, now, freshMs)) return;
    const { size } = await tx.one<{ size: number }>(sql`
      select count(*) as size from profiles p where p.workspace_id = ${workspace.id} and (${inSegment})`);
    await tx.run(sql`
      insert into segment_sizes (segment_id, day, size, counted_at)
      values (${segment.id}, (${now}::timestamptz at time zone 'UTC')::date, ${size}, ${now})
          on conflict (segment_id, day) do update set size = excluded.size, counted_at = excluded.counted_at`);
  });
}

async function isFresh(db: Db, segmentId: string, now: Date, freshMs: number): Promise<boolean> {
  const found = await db.maybeOne(sql`
    select 1 as found
      from segment_sizes
     where segment_id = ${segmentId} and day = (${now}::timestamptz at time zone 'UTC')::date
       and counted_at > ${new Date(now.getTime() - freshMs)}`);
  return found !== null;
}

export interface SizeKeeperOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** The newest snapshot of the workspaces. */
  catalog(): Catalog;
}

/**
 * Counts each segment with analytics tracking once a UTC day, one after the other. Several processes may do so. The returned
 * function stops it and waits for a count in progress.
 */
export function keepSegmentSizes(options: SizeKeeperOptions): () => Promise<void> {
  const { clock, log } = options;
  let isStopped = false;
  let running = Promise.resolve();
  let cancel = clock.after(FIRST_MS, again);
  function again(): void {
    running = countTracked(options, () => isStopped)
      .catch((error: unknown) => log.error({ err: error }, 'segments could not be counted; trying again in an hour'))
      .finally(() => {
        if (!isStopped) cancel = clock.after(HOUR_MS, again);
      });
  }
  return async () => {
    isStopped = true;
    cancel();
    await running;
  };
}

async function countTracked({ db, clock, log, catalog }: SizeKeeperOptions, isStopped: () => boolean): Promise<void> {
  const due = await db.query<{ workspace_id: number; id: string }>(sql`
    select workspace_id, id
      from segments s
     where analytics_tracking_enabled and not archived
       and not exists (select from segment_sizes z
                        where z.segment_id = s.id and z.day = (${clock.now()}::timestamptz at time zone 'UTC')::date)
     order by id`);
  for (const { workspace_id, id } of due) {
    const workspace = catalog().workspace(workspace_id);
    const segment = workspace?.segments.get(idKey(id));
    if (isStopped()) return;
    if (workspace === undefined || segment === undefined) continue;
    await countSegment(db, { segment, workspace, now: clock.now() }, 24 * HOUR_MS).catch((error: unknown) => {
      if (!(error instanceof AudienceTooExpensive)) throw error;
      log.warn({ segment: id }, 'a segment takes too long to count; it has no size today');
    });
  }
}

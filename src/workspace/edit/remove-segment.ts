import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { digestOfFile, recordApplied } from '../applied-files.ts';
import { idKey, type Segment } from '../catalog.ts';
import { lockDefinitions } from '../file/apply.ts';
import { loadDefinitions } from '../file/apply-references.ts';
import type { Change } from '../file/plan.ts';
import { announceChange } from '../workspaces.ts';
import { type EditDeps, type EditRequest, FileOwnsError, ownedByFile } from './edit.ts';
import { forgetEdited, listEdited } from './edited-definitions.ts';

/** There is no such segment. */
export class NoSegmentError extends Error {
  override name = 'NoSegmentError';
}

/** Something uses the segment. `uses` names each. */
export class InUseError extends Error {
  override name = 'InUseError';
  readonly uses: readonly string[];

  constructor(uses: readonly string[]) {
    super(`it is in use: ${uses.join(', ')}`);
    this.uses = uses;
  }
}

export interface Removal {
  workspaceId: number;
  segmentId: string;
  /** Who removes it, such as `operator ada`. */
  by: string;
  /** Where the removal comes from, for the record of applies. */
  from: EditRequest['from'];
  now: Date;
  record?(tx: Db, removed: StoredSegment): Promise<void>;
}

export interface StoredSegment {
  id: string;
  name: string;
  description: string;
  tags: string[];
  analytics_tracking_enabled: boolean;
  archived: boolean;
  filter: unknown;
}

/** null: there is none, or it was removed. */
export function storedSegment(tx: Db, workspaceId: number, id: string): Promise<StoredSegment | null> {
  return tx.maybeOne<StoredSegment & Record<string, unknown>>(sql`
    select id, name, description, tags, analytics_tracking_enabled, archived, filter
      from segments
     where workspace_id = ${workspaceId} and id = ${idKey(id)} and removed_at is null`);
}

/**
 * Removes a segment that was saved by hand and that nothing uses. What was sent to it before keeps its filter, for a replay.
 * Its name and id are free. Throws NoSegmentError, FileOwnsError and InUseError.
 */
export async function removeSegment({ db, checks, serverFile }: EditDeps, request: Removal): Promise<void> {
  const { workspaceId, segmentId, by, from, now } = request;
  const refuseOwned = await ownedByFile(serverFile, workspaceId);
  await db.transaction(async (tx) => {
    await lockDefinitions(tx, workspaceId);
    const segment = await storedSegment(tx, workspaceId, segmentId);
    if (segment === null) throw new NoSegmentError('there is no such segment');
    const { id, name } = segment;
    const change: Change = { kind: 'remove', what: 'segment', id, name, changed: [] };
    refuseOwned(change);
    if (!(await listEdited(tx, workspaceId, 'segment')).some((one) => one.id === id))
      throw new FileOwnsError(
        `segment "${name}" comes from a workspace file, which would bring it back: archive it there with archived: true`,
      );
    const uses = await usesOfSegment(tx, workspaceId, segment, checks);
    if (uses.length > 0) throw new InUseError(uses);
    await tx.run(sql`
      update segments
         set removed_at = ${now}, archived = true, updated_at = now(), name = ${`${name} (removed: ${id})`}
       where id = ${id}`);
    await forgetEdited(tx, workspaceId, 'segment', id);
    await recordApplied(tx, workspaceId, { by, file: from, digest: digestOfFile('') }, [change], now);
    await request.record?.(tx, segment);
    await announceChange(tx);
  });
}

/** Names what would not work without the segment. Archived things and dispatches that have begun do not need it. */
export async function usesOfSegment(
  tx: Db,
  workspaceId: number,
  { id }: Pick<StoredSegment, 'id'>,
  { checkReferences }: Pick<EditDeps['checks'], 'checkReferences'>,
): Promise<string[]> {
  const campaigns = await tx.query<{ name: string }>(sql`
    select name from campaigns where workspace_id = ${workspaceId} and segment_id = ${id} and not archived order by name`);
  const schedules = await tx.query<{ id: string; at: Date }>(sql`
    select id, fires_at as at
      from dispatches
     where workspace_id = ${workspaceId} and segment_id = ${id} and fires_at is not null and fired_at is null
       and state in ('scheduled', 'paused')
     order by fires_at, id`);
  return [
    ...campaigns.map(({ name }) => `the campaign "${name}"`),
    ...schedules.map(({ id: schedule, at }) => `the schedule ${schedule.replaceAll('-', '')} of ${at.toISOString()}`),
    ...(await segmentsWith(tx, workspaceId, id, checkReferences)).map((name) => `the segment "${name}"`),
  ];
}

/** Names of the segments whose filters would refer to nothing without this one. */
async function segmentsWith(
  tx: Db,
  workspaceId: number,
  id: string,
  checkReferences: EditDeps['checks']['checkReferences'],
): Promise<string[]> {
  const named = await tx.query<Segment & Record<string, unknown>>(sql`
    select id, name, filter, archived
      from segments
     where workspace_id = ${workspaceId} and id <> ${id} and not archived and removed_at is null
       and strpos(lower(filter::text), ${id.toLowerCase()}) > 0
     order by name`);
  if (named.length === 0) return [];
  const all = await loadDefinitions({ tx, workspaceId });
  const without = { ...all, segments: new Map([...all.segments].filter(([key]) => key !== idKey(id))) };
  const isBroken = (one: Segment, definitions: typeof all) =>
    checkReferences(one, definitions, 'filter', () => undefined).length > 0;
  return named.filter((one) => isBroken(one, without) && !isBroken(one, all)).map(({ name }) => name);
}

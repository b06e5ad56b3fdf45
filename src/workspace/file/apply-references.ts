import { sql } from '../../db/sql.ts';
import { type Definitions, idKey, type Segment } from '../catalog.ts';
import type { Step } from './apply-step.ts';

/**
 * Lists what a segment's filter refers to and the workspace does not have, and calls `warn` for what is probably not meant.
 * Each text begins with its path.
 */
export type CheckReferences = (
  segment: Segment,
  definitions: Definitions,
  path: string,
  warn: (text: string) => void,
) => readonly string[];

/**
 * Checks, after the changes, that all segments that are not archived find what they refer to, also those not in the file.
 */
export async function checkSegments(step: Step, checkReferences: CheckReferences): Promise<void> {
  if (step.problems.length > 0) return;
  const definitions = await loadDefinitions(step);
  const places = new Map(step.file.segments.map(({ id }, index) => [id, `segments[${index}].filter`]));
  for (const segment of definitions.segments.values()) {
    if (segment.archived) continue;
    const path = places.get(segment.id) ?? `segment ${segment.id} (not in the file).filter`;
    const warn = (text: string) => places.has(segment.id) && step.warnings.push(text);
    step.problems.push(...checkReferences(segment, definitions, path, warn));
  }
}

/** Tells of schedules that refer to archived segments or campaigns of the file: they fail when they fire. */
export async function warnOfSchedules({ tx, workspaceId, file, warnings }: Step): Promise<void> {
  for (const [what, column] of [
    ['segments', sql`segment_id`],
    ['campaigns', sql`campaign_id`],
  ] as const) {
    const archived = file[what].filter(({ archived }) => archived).map(({ id }) => id);
    if (archived.length === 0) continue;
    const used = await tx.query<{ id: string; schedules: number; next: Date }>(sql`
      select ${column} as id, count(*) as schedules, min(fires_at) as next
        from dispatches
       where workspace_id = ${workspaceId} and fires_at is not null and fired_at is null
         and state in ('scheduled', 'paused') and ${column} = any(${archived}::text[])
       group by 1`);
    for (const { id, schedules, next } of used) {
      const path = `${what}[${file[what].findIndex((one) => one.id === id)}].archived`;
      const count = schedules === 1 ? 'a schedule uses it' : `${schedules} schedules use it`;
      warnings.push(`${path}: ${count}, which will fail; the first one is due at ${next.toISOString()}`);
    }
  }
}

export async function loadDefinitions({ tx, workspaceId }: Pick<Step, 'tx' | 'workspaceId'>): Promise<Definitions> {
  const here = sql`where workspace_id = ${workspaceId} order by name`;
  const apps = await tx.query<{ id: string }>(sql`select id from apps ${here}`);
  const groups = await tx.query<{ id: string; archived: boolean }>(
    sql`select id, archived from subscription_groups ${here}`,
  );
  const campaigns = await tx.query<{ id: string }>(sql`select id from campaigns ${here}`);
  const segments = await tx.query<Segment & Record<string, unknown>>(
    sql`select id, name, filter, archived from segments where workspace_id = ${workspaceId} and removed_at is null order by name`,
  );
  return {
    apps: byId(apps),
    subscriptionGroups: byId(groups),
    campaigns: byId(campaigns),
    segments: byId<Segment>(segments),
  };
}

function byId<T extends { id: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [idKey(row.id), row]));
}

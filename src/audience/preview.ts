import type { ChannelKey } from '../channels/channel.ts';
import type { Database, Db } from '../db/database.ts';
import { joinSql, type Sql, sql } from '../db/sql.ts';
import { brazeId } from '../people/profile/braze-id.ts';
import { askedFor, inBucketsOf } from '../people/profile/person-keys.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { compileTargeting, type Targeting, type TargetingFilters } from './targeting.ts';
import { estimateProfiles, withinTimeLimit } from './time-limit.ts';

const SAMPLES = 20;

export interface PreviewRequest {
  filters: TargetingFilters;
  /** The channels to count for: how many of the targeted people each reaches. */
  channels: readonly PreviewChannel[];
}

export interface PreviewChannel {
  key: ChannelKey;
  /** A condition over a person `m` with bucket, user_id, email, phone, email_state and push_state. */
  reaches: Sql;
}

export interface Preview {
  count: number;
  reachable: Partial<Record<ChannelKey, number>>;
  sample: object[];
}

/**
 * Counts the people whom the filters describe and how many of them each channel reaches, and returns the first 20 in
 * key order. One query counts and chooses them, so the numbers fit together. Throws AudienceTooExpensive.
 */
export async function previewAudience(
  db: Database,
  { request, workspace, now }: { request: PreviewRequest; workspace: WorkspaceCatalog; now: Date },
): Promise<Preview> {
  const targeting = compileTargeting(request.filters, { now, workspace });
  const row = await withinTimeLimit(db, await estimateProfiles(db), (tx) =>
    tx.one<PreviewRow>(previewQuery(targeting, request, workspace.id)),
  );
  const numbers = request.channels.map(({ key }, index) => [key, row.reachable[index] ?? 0] as const);
  return {
    count: row.count,
    reachable: Object.fromEntries(numbers),
    sample: await loadSample(db, row.sample ?? [], workspace.id),
  };
}

interface PreviewRow extends Record<string, unknown> {
  count: number;
  /** The number of people that each channel reaches, in the order of `channels`. */
  reachable: number[];
  sample: { bucket: number; user_id: number }[] | null;
}

function previewQuery({ inSegment, inAudience }: Targeting, request: PreviewRequest, workspaceId: number): Sql {
  const reached = request.channels.map(({ reaches }) => sql`(select count(*) from targeted m where ${reaches})`);
  const reachable = reached.length === 0 ? sql`'{}'::bigint[]` : sql`array[${joinSql(reached)}]`;
  // One process must materialize the rows. Without channels several processes may count, and the sample stops early.
  const materialized = reached.length === 0 ? sql`not materialized` : sql`materialized`;
  return sql`
    with targeted as ${materialized} (
      select p.bucket, p.user_id, p.email, p.phone, p.email_state, p.push_state
        from profiles p
       where p.workspace_id = ${workspaceId} and (${inSegment}) and (${inAudience})
    )
    select (select count(*) from targeted) as count, to_json(${reachable}) as reachable,
           (select json_agg(first) from (select bucket, user_id from targeted order by bucket, user_id limit ${SAMPLES}) as first)
             as sample`;
}

interface SampleRow extends Record<string, unknown> {
  bucket: number;
  user_id: number;
  created_at: Date;
  external_id: string | null;
  first_name: string | null;
  country: string | null;
  language: string | null;
  email_subscribe: string;
  push_subscribe: string;
}

async function loadSample(db: Db, keys: { bucket: number; user_id: number }[], workspaceId: number): Promise<object[]> {
  const people = keys.map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
  const rows = await db.query<SampleRow>(sql`
    select p.bucket, p.user_id, p.created_at, p.external_id, p.first_name, p.country, p.language,
           p.email_state as email_subscribe, p.push_state as push_subscribe
      from ${askedFor(people)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(people, sql`p.bucket`)} and p.workspace_id = ${workspaceId}
     order by p.bucket, p.user_id`);
  return rows.map(({ bucket, user_id, created_at, external_id, ...fields }) => ({
    external_id,
    braze_id: brazeId(created_at, bucket, user_id),
    ...fields,
  }));
}

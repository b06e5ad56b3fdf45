import type { ChannelKey } from '../channels/channel.ts';
import type { Database, Db } from '../db/database.ts';
import { joinSql, type Sql, sql } from '../db/sql.ts';
import { brazeId } from '../people/profile/braze-id.ts';
import { askedFor, inBucketsOf } from '../people/profile/person-keys.ts';
import { timeZonesOf } from '../people/profile/time-zones.ts';
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
  /** Whether people of a zone have quiet hours now. null: the zone of people who have none. Absent: there are no quiet hours. */
  isQuietIn?(zone: string | null): boolean;
}

export interface Preview {
  count: number;
  reachable: Partial<Record<ChannelKey, number>>;
  /** How many of the reachable have quiet hours now. Absent: no channel has quiet hours. */
  in_quiet_hours?: Partial<Record<ChannelKey, number>>;
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
  const row = await withinTimeLimit(db, await estimateProfiles(db), async (tx) =>
    tx.one<PreviewRow>(previewQuery(targeting, await withQuietZones(tx, request, workspace.id), workspace.id)),
  );
  const { channels } = request;
  const of = (numbers: readonly number[]) => channels.map(({ key }, index) => [key, numbers[index] ?? 0] as const);
  const hasQuietHours = channels.some(({ isQuietIn }) => isQuietIn !== undefined);
  return {
    count: row.count,
    reachable: Object.fromEntries(of(row.reachable)),
    ...(hasQuietHours && { in_quiet_hours: Object.fromEntries(of(row.quiet)) }),
    sample: await loadSample(db, row.sample ?? [], workspace.id),
  };
}

interface PreviewRow extends Record<string, unknown> {
  count: number;
  /** The number of people that each channel reaches, in the order of `channels`. */
  reachable: number[];
  /** How many of them have quiet hours now. */
  quiet: number[];
  sample: { bucket: number; user_id: number }[] | null;
}

/** A channel with the condition that a person `m` has quiet hours. */
type AskedChannel = PreviewChannel & { isQuiet: Sql };

async function withQuietZones(tx: Db, { channels }: PreviewRequest, workspaceId: number): Promise<AskedChannel[]> {
  const isAsked = channels.some(({ isQuietIn }) => isQuietIn !== undefined);
  const everybody = { workspaceId, after: 0, upTo: Number.MAX_SAFE_INTEGER };
  const zones = isAsked ? await timeZonesOf(tx, everybody) : [];
  return channels.map((channel) => {
    const { isQuietIn = () => false } = channel;
    const quiet = zones.filter(isQuietIn);
    const isQuiet = sql`case when m.time_zone is null then ${isQuietIn(null)}::boolean else m.time_zone = any(${quiet}::text[]) end`;
    return { ...channel, isQuiet };
  });
}

function previewQuery(
  { inSegment, inAudience }: Targeting,
  channels: readonly AskedChannel[],
  workspaceId: number,
): Sql {
  const counts = (conditions: Sql[]) =>
    conditions.length === 0
      ? sql`'{}'::bigint[]`
      : sql`array[${joinSql(conditions.map((one) => sql`(select count(*) from targeted m where ${one})`))}]`;
  const reachable = counts(channels.map(({ reaches }) => reaches));
  const quiet = counts(
    channels.map(({ reaches, isQuiet, isQuietIn }) => (isQuietIn ? sql`${reaches} and ${isQuiet}` : sql`false`)),
  );
  // One process must materialize the rows. Without channels several processes may count, and the sample stops early.
  const materialized = channels.length === 0 ? sql`not materialized` : sql`materialized`;
  return sql`
    with targeted as ${materialized} (
      select p.bucket, p.user_id, p.email, p.phone, p.email_state, p.push_state, p.time_zone
        from profiles p
       where p.workspace_id = ${workspaceId} and (${inSegment}) and (${inAudience})
    )
    select (select count(*) from targeted) as count, to_json(${reachable}) as reachable,
           to_json(${quiet}) as quiet,
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

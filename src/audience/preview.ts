import type { ChannelKey } from '../channels/channel.ts';
import { channels } from '../channels/index.ts';
import type { Database, Db } from '../db/database.ts';
import { joinSql, type Sql, sql } from '../db/sql.ts';
import type { RequiredState } from '../people/consent/required-state.ts';
import { brazeId } from '../people/profile/braze-id.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { compileTargeting, type Targeting, type TargetingFilters } from './targeting.ts';
import { estimateProfiles, withinTimeLimit } from './time-limit.ts';

const SAMPLES = 20;

export interface PreviewRequest {
  filters: TargetingFilters;
  requiredState: RequiredState;
  /** Whom of the targeted each would reach. */
  channels: readonly PreviewChannel[];
}

/** `groupId`: whose members alone may get it; null where no group decides. */
export interface PreviewChannel {
  key: ChannelKey;
  groupId: string | null;
}

export interface Preview {
  count: number;
  reachable: Partial<Record<ChannelKey, number>>;
  sample: object[];
}

/**
 * How many people are described, how many of them each channel reaches (steps 5 to 8 of eligibility.md 1, of a visible
 * message; caps come later), and the first twenty of them in key order. All of one instant. Throws AudienceTooExpensive.
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
  /** In the order of the channels asked for. */
  reachable: number[];
  sample: { bucket: number; user_id: number }[] | null;
}

function previewQuery({ inSegment, inAudience }: Targeting, request: PreviewRequest, workspaceId: number): Sql {
  const reached = request.channels.map(
    (channel) => sql`(select count(*) from targeted m where ${reaches(channel, request.requiredState, workspaceId)})`,
  );
  const reachable = reached.length === 0 ? sql`'{}'::bigint[]` : sql`array[${joinSql(reached)}]`;
  // What is kept is kept by one process; who only counts may have several, and the sample stops at its last row.
  const kept = reached.length === 0 ? sql`not materialized` : sql`materialized`;
  return sql`
    with targeted as ${kept} (
      select p.bucket, p.user_id, p.email, p.phone, p.email_state, p.push_state
        from profiles p
       where p.workspace_id = ${workspaceId} and (${inSegment}) and (${inAudience})
    )
    select (select count(*) from targeted) as count, to_json(${reachable}) as reachable,
           (select json_agg(first) from (select bucket, user_id from targeted order by bucket, user_id limit ${SAMPLES}) as first)
             as sample`;
}

/** The gates of a send, as one condition over `targeted m`; see gates.ts. */
function reaches({ key, groupId }: PreviewChannel, requiredState: RequiredState, workspaceId: number): Sql {
  const { address } = channels[key];
  switch (address.kind) {
    case 'none':
      return sql`true`;
    case 'push':
      return sql`${admits(sql`m.push_state`, requiredState)} and exists (
        select from push_targets t
         where t.bucket = m.bucket and t.user_id = m.user_id and t.platform = ${address.platform} and t.foreground)`;
    case 'email': {
      const ruledOut = requiredState === 'all' ? sql`false` : sql`a.marked_spam_at is not null`;
      return sql`m.email is not null and ${admits(sql`m.email_state`, requiredState)} and not exists (
        select from addresses a
         where a.workspace_id = ${workspaceId} and a.kind = 'email' and a.address = lower(m.email)
           and (a.hard_bounced_at is not null or a.suppressed_at is not null or ${ruledOut}))`;
    }
    case 'phone': {
      const ruledOut = key === 'sms' ? sql`a.invalid_at is not null` : sql`false`;
      return sql`m.phone is not null and exists (
        select from subscription_states s
         where s.bucket = m.bucket and s.user_id = m.user_id and s.group_id = ${groupId} and s.state = 'subscribed'
      ) and not exists (
        select from addresses a
         where a.workspace_id = ${workspaceId} and a.kind = 'phone' and a.address = m.phone
           and (a.suppressed_at is not null or ${ruledOut}))`;
    }
  }
}

function admits(state: Sql, requiredState: RequiredState): Sql {
  const admitted = { opted_in: sql`= 'opted_in'`, subscribed: sql`<> 'unsubscribed'`, all: sql`is not null` };
  return sql`${state} ${admitted[requiredState]}`;
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
  const rows = await db.query<SampleRow>(sql`
    select p.bucket, p.user_id, p.created_at, p.external_id, p.first_name, p.country, p.language,
           p.email_state as email_subscribe, p.push_state as push_subscribe
      from unnest(${keys.map(({ bucket }) => bucket)}::integer[], ${keys.map(({ user_id }) => user_id)}::bigint[])
           as asked(bucket, user_id)
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where p.workspace_id = ${workspaceId}
     order by p.bucket, p.user_id`);
  return rows.map(({ bucket, user_id, created_at, external_id, ...fields }) => ({
    external_id,
    braze_id: brazeId(created_at, bucket, user_id),
    ...fields,
  }));
}

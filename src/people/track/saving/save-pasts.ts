import type { Db, Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { noteNames } from '../../activity/names.ts';
import { nameKey, type PersonKey, type PersonName } from '../../profile/identify.ts';
import { addReceived } from '../../profile/received.ts';
import type { History, PastTotal } from '../history.ts';
import type { TrackRequest } from '../request.ts';
import type { Person } from '../roster.ts';

/** The history of a person, from the object of `attributes` with this index. */
export interface Past {
  request: TrackRequest;
  index: number;
  person: Person;
  history: History;
}

/** Part of a history that was not stored. */
export interface NotStored {
  request: TrackRequest;
  index: number;
  problem: string;
}

type Keyed = Past & { key: PersonKey };

/** Stores histories of people who are stored already, and locked. Returns the aliases that they could not get. */
export async function savePasts(
  tx: Transaction,
  { pasts, workspace }: { pasts: readonly Past[]; workspace: WorkspaceCatalog },
): Promise<NotStored[]> {
  const keyed = pasts.map((past): Keyed => {
    if (past.person.key === null) throw new Error('somebody with a history got no key');
    return { ...past, key: past.person.key };
  });
  const missing = await saveAliases(tx, keyed, workspace.id);
  const names = keyed.flatMap(({ history }) => history.totals);
  await noteNames(
    tx,
    workspace,
    names.map(({ kind, name }) => ({ kind: kind === 'event' ? 'event' : 'product', name, dataType: null })),
  );
  saveProfiles(tx, keyed);
  saveTotals(tx, keyed);
  saveReceived(tx, keyed);
  return missing;
}

/** A person keeps the alias that it has with a label. An alias of somebody else stays with them. */
async function saveAliases(tx: Db, pasts: readonly Keyed[], workspaceId: number): Promise<NotStored[]> {
  const wanted = new Map<string, Keyed & { alias: PersonName }>();
  for (const past of pasts) {
    for (const alias of past.history.aliases) {
      const ofLabel = `${past.key.userId}/${alias.label}`;
      if (!wanted.has(ofLabel)) wanted.set(ofLabel, { ...past, alias });
    }
  }
  if (wanted.size === 0) return [];
  const rows = [...wanted.values()].map(({ key, alias }, place) => {
    return { ...alias, bucket: key.bucket, user_id: key.userId, place };
  });
  const given = sql`json_to_recordset(${JSON.stringify(rows)}::json)
        as x(label text, name text, bucket integer, user_id bigint, place integer)`;
  await tx.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${workspaceId}, x.label, x.name, x.bucket, x.user_id
      from ${given}
     where not exists (select from user_names n
                        where n.bucket = x.bucket and n.user_id = x.user_id and n.label = x.label)
     order by x.label, x.name, x.place
        on conflict do nothing`);
  const held = await tx.query<{ label: string; name: string; user_id: number }>(sql`
    select x.label, x.name, x.user_id
      from ${given}
      join user_names n on n.workspace_id = ${workspaceId} and n.label = x.label and n.name = x.name
     where n.bucket = x.bucket and n.user_id = x.user_id`);
  const has = new Set(held.map(({ user_id, label, name }) => `${user_id}/${nameKey(label, name)}`));
  return [...wanted.values()].flatMap(({ request, index, key, alias }): NotStored[] => {
    if (has.has(`${key.userId}/${nameKey(alias.label, alias.name)}`)) return [];
    const problem = 'user_aliases: somebody else has such an alias, or the person has another one with its label';
    return [{ request, index, problem }];
  });
}

/** What no attribute of /users/track sets: the number of sessions, and the random bucket of people who are new. */
function saveProfiles(tx: Transaction, pasts: readonly Keyed[]): void {
  const byPerson = Map.groupBy(pasts, ({ key }) => key.userId);
  const rows = [...byPerson.values()].flatMap((theirs) => {
    const [{ key, person }] = theirs as [Keyed, ...Keyed[]];
    const sessions = Math.max(0, ...theirs.map(({ history }) => history.sessions ?? 0));
    const random = person.stage === 'new' ? (theirs.find(isPlaced)?.history.randomBucket ?? null) : null;
    if (sessions === 0 && random === null) return [];
    return [{ bucket: key.bucket, user_id: key.userId, sessions, random_bucket: random }];
  });
  if (rows.length === 0) return;
  tx.later(
    'save_past_profiles',
    sql`
    update profiles p
       set session_count = greatest(p.session_count, x.sessions), random_bucket = coalesce(x.random_bucket, p.random_bucket)
      from json_to_recordset(${JSON.stringify(rows)}::json)
             as x(bucket integer, user_id bigint, sessions integer, random_bucket integer)
     where p.bucket = x.bucket and p.user_id = x.user_id`,
  );
}

function isPlaced({ history }: Keyed): boolean {
  return history.randomBucket !== null;
}

interface TotalRow {
  bucket: number;
  user_id: number;
  kind: PastTotal['kind'];
  name: string;
  count: number;
  first_at: Date;
  last_at: Date;
  /** What the person spent on everything. It is stored with one of their products. null: with another, or unknown. */
  spent: number | null;
}

/** Totals are not added to, so that the same file twice counts once. */
function saveTotals(tx: Transaction, pasts: readonly Keyed[]): void {
  const rows = totalRows(pasts);
  if (rows.length === 0) return;
  tx.later(
    'save_past_totals',
    sql`
    insert into activity_totals as t (bucket, user_id, kind, name, count, first_at, last_at, revenue)
    select x.bucket, x.user_id, x.kind, x.name, x.count, x.first_at, x.last_at,
           greatest(0, coalesce(x.spent - coalesce((select sum(o.revenue)
                                                      from activity_totals o
                                                     where o.bucket = x.bucket and o.user_id = x.user_id
                                                       and o.kind = 'purchase' and o.name <> x.name), 0), 0))
      from json_to_recordset(${JSON.stringify(rows)}::json)
        as x(bucket integer, user_id bigint, kind text, name text, count bigint, first_at timestamptz,
             last_at timestamptz, spent numeric)
     order by x.bucket, x.user_id, x.kind, x.name
        on conflict (bucket, user_id, kind, name) do update
       set count = greatest(t.count, excluded.count), first_at = least(t.first_at, excluded.first_at),
           last_at = greatest(t.last_at, excluded.last_at), revenue = greatest(t.revenue, excluded.revenue)`,
  );
}

/** One row for each person and name. */
function totalRows(pasts: readonly Keyed[]): TotalRow[] {
  const rows = new Map<string, TotalRow>();
  for (const { key, history } of pasts) {
    const latest = latestPurchase(history.totals);
    for (const total of history.totals) {
      const id = `${key.userId}/${total.kind}/${total.name}`;
      const before = rows.get(id);
      rows.set(id, {
        ...{ bucket: key.bucket, user_id: key.userId, kind: total.kind, name: total.name },
        count: Math.max(total.count, before?.count ?? 0),
        first_at: before !== undefined && before.first_at < total.firstAt ? before.first_at : total.firstAt,
        last_at: before !== undefined && before.last_at > total.lastAt ? before.last_at : total.lastAt,
        spent: total === latest ? history.revenue : (before?.spent ?? null),
      });
    }
  }
  return [...rows.values()];
}

/** A history says only what was spent in all. It is stored with the product that was bought last. */
function latestPurchase(totals: readonly PastTotal[]): PastTotal | null {
  return totals
    .filter(({ kind }) => kind === 'purchase')
    .reduce<PastTotal | null>((last, one) => (last === null || one.lastAt > last.lastAt ? one : last), null);
}

interface ReceivedRow {
  bucket: number;
  user_id: number;
  channel: string;
  campaign_id: string;
  last_at: Date;
}

function saveReceived(tx: Transaction, pasts: readonly Keyed[]): void {
  const rows = new Map<string, ReceivedRow>();
  for (const { key, history } of pasts) {
    for (const { campaignId, channel, at } of history.received) {
      const id = `${key.userId}/${channel}/${campaignId}`;
      if ((rows.get(id)?.last_at ?? at) > at) continue;
      rows.set(id, { bucket: key.bucket, user_id: key.userId, channel, campaign_id: campaignId, last_at: at });
    }
  }
  if (rows.size === 0) return;
  tx.later(
    'save_past_received',
    addReceived(sql`
    select x.bucket, x.user_id, x.channel, x.campaign_id, x.last_at
      from json_to_recordset(${JSON.stringify([...rows.values()])}::json)
        as x(bucket integer, user_id bigint, channel text, campaign_id text, last_at timestamptz)
     order by x.bucket, x.user_id, x.channel, x.campaign_id`),
  );
}

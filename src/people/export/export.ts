import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { changeAnswer, listConsentOf, type RecordedChange } from '../consent/record/read.ts';
import { brazeId } from '../profile/braze-id.ts';
import { findByAddress } from '../profile/find-person.ts';
import { nameKey, type PersonKey, type PersonName, resolveNames } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';

/**
 * The names allowed in `fields_to_export`. We do not store some of these facts: no answer contains those members.
 * `consent_changes` is ours, and only for those who ask for it.
 */
export const exportFields = [
  'apps',
  'attributed_campaign',
  'attributed_source',
  'attributed_adgroup',
  'attributed_ad',
  'braze_id',
  'campaigns_received',
  'canvases_received',
  'cards_clicked',
  'consent_changes',
  'country',
  'created_at',
  'custom_attributes',
  'custom_events',
  'devices',
  'dob',
  'email',
  'email_subscribe',
  'external_id',
  'first_name',
  'gender',
  'home_city',
  'language',
  'last_coordinates',
  'last_name',
  'phone',
  'purchases',
  'push_subscribe',
  'push_tokens',
  'random_bucket',
  'time_zone',
  'total_revenue',
  'uninstalled_at',
  'user_aliases',
] as const;
export type ExportField = (typeof exportFields)[number];

export interface ExportRequest {
  names: PersonName[];
  brazeId: { given: string; id: PersonKey & { createdAtS: number } } | { given: string; id: null } | null;
  address: { kind: 'device_id' | 'email' | 'phone'; given: string; value: string | null } | null;
  /** The fields to export. null: all. */
  fields: ReadonlySet<ExportField> | null;
}

export type Exported = Record<string, unknown>;

/** The time of the last message of one campaign to one person. */
export interface Received {
  userId: number;
  campaignId: string;
  lastAt: Date;
}

export interface ExportOptions {
  request: ExportRequest;
  workspace: WorkspaceCatalog;
  now: Date;
  /** Reads from the ledger what these people received: one entry for each person and campaign. */
  listReceived(db: Db, people: readonly PersonKey[]): Promise<Received[]>;
}

/** Returns the people in the form of the answer (`users`), and the identifiers that name nobody (`unknown`). */
export async function exportPeople(
  db: Db,
  { request, workspace, now, listReceived }: ExportOptions,
): Promise<{ users: Exported[]; unknown: string[] }> {
  const { keys, unknown } = await findPeople(db, workspace.id, request);
  return { users: await exportByKeys(db, keys, { fields: request.fields, workspace, now, listReceived }), unknown };
}

export interface ExportForm extends Pick<ExportOptions, 'workspace' | 'now' | 'listReceived'> {
  /** The fields to export. null: all. */
  fields: ReadonlySet<ExportField> | null;
  /** The custom attributes to export in the field `custom_attributes`. Default: all. */
  customAttributes?: ReadonlySet<string>;
}

/** Returns the people in the form of the answer, in the order of `keys`. Leaves out those who do not exist. */
export async function exportByKeys(db: Db, keys: readonly PersonKey[], form: ExportForm): Promise<Exported[]> {
  if (keys.length === 0) return [];
  const { fields, customAttributes, workspace, now, listReceived } = form;
  const consent = fields?.has('consent_changes') === true ? await listConsentOf(db, keys, MOST_CONSENT_CHANGES) : [];
  const consentOf = Map.groupBy(consent, ({ userId }) => userId);
  // The ledger is read first: retention may move rows from it to received_totals meanwhile. We may read such rows
  // twice, but miss none.
  const sent = wantsCampaigns(fields) ? await listReceived(db, keys) : [];
  const received = Map.groupBy(sent, ({ userId }) => userId);
  const [rows, aliases] = await Promise.all([
    db.query<ExportRow>(exportQuery(keys, workspace.id, now)),
    loadAliases(db, keys),
  ]);
  const byId = new Map(rows.map((row) => [row.user_id, row]));
  return keys.flatMap(({ userId }) => {
    const row = byId.get(userId);
    if (row === undefined) return [];
    const custom = shownOf(row.custom, customAttributes, workspace.blockedAttributes);
    const person = { ...row, custom, aliases: aliases.get(userId) ?? [], consent: consentOf.get(userId) ?? [] };
    return [exported(person, { fields, workspace, received: received.get(userId) ?? [] })];
  });
}

/** The custom attributes that may be shown. `chosen`: the names asked for. undefined: all. */
function shownOf(
  custom: Record<string, unknown>,
  chosen: ReadonlySet<string> | undefined,
  blocked: ReadonlySet<string> | undefined,
): Record<string, unknown> {
  if (chosen === undefined && blocked === undefined) return custom;
  const isShown = (name: string) => chosen?.has(name) !== false && blocked?.has(name) !== true;
  return Object.fromEntries(Object.entries(custom).filter(([name]) => isShown(name)));
}

function wantsCampaigns(fields: ExportForm['fields']): boolean {
  return fields === null || fields.has('campaigns_received');
}

async function findPeople(
  db: Db,
  workspaceId: number,
  request: ExportRequest,
): Promise<{ keys: PersonKey[]; unknown: string[] }> {
  const keys = new Map<number, PersonKey>();
  const unknown: string[] = [];
  const named = await resolveNames(db, workspaceId, request.names);
  for (const { label, name } of request.names) {
    const key = named.get(nameKey(label, name));
    if (key !== undefined) keys.set(key.userId, key);
    else unknown.push(name);
  }
  if (request.brazeId !== null) {
    const found = request.brazeId.id === null ? [] : await findByBrazeId(db, workspaceId, request.brazeId.id);
    for (const key of found) keys.set(key.userId, key);
    if (found.length === 0) unknown.push(request.brazeId.given);
  }
  if (request.address !== null) {
    const { kind, given, value } = request.address;
    const found = value === null ? [] : await findByAddress(db, { workspaceId, kind, value });
    for (const { key } of found) keys.set(key.userId, key);
    if (found.length === 0) unknown.push(given);
  }
  return { keys: [...keys.values()], unknown };
}

async function findByBrazeId(
  db: Db,
  workspaceId: number,
  id: PersonKey & { createdAtS: number },
): Promise<PersonKey[]> {
  const rows = await db.query<{ bucket: number; user_id: number }>(sql`
    select bucket, user_id
      from profiles
     where bucket = ${id.bucket} and user_id = ${id.userId} and workspace_id = ${workspaceId}
       and floor(extract(epoch from created_at)) = ${id.createdAtS}::bigint`);
  return rows.map((row) => ({ bucket: row.bucket, userId: row.user_id }));
}

interface Total {
  kind: 'event' | 'purchase';
  name: string;
  first: number;
  last: number;
  count: number;
  is_recent: boolean;
}

interface Alias {
  alias_name: string;
  alias_label: string;
}

interface ExportRow {
  bucket: number;
  user_id: number;
  created_at: Date;
  external_id: string | null;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  dob: string | null;
  country: string | null;
  language: string | null;
  gender: string | null;
  home_city: string | null;
  time_zone: string | null;
  longitude: number | null;
  latitude: number | null;
  random_bucket: number;
  email_state: string;
  push_state: string;
  push_state_changed_at: Date | null;
  custom: Record<string, unknown>;
  totals: Total[] | null;
  revenue: number;
  targets: { app_id: string; platform: string; token: string; device_id: string; foreground: boolean }[] | null;
  campaigns: { campaign_id: string; last: number }[] | null;
}

interface ExportedPerson extends ExportRow {
  aliases: Alias[];
  /** Empty unless it is asked for. */
  consent: RecordedChange[];
}

const recentDays = 90;
/** Of each person. All of them: GET /users/…/consent. */
const MOST_CONSENT_CHANGES = 100;

function exportQuery(keys: readonly PersonKey[], workspaceId: number, now: Date): Sql {
  const since = new Date(now.getTime() - recentDays * 86_400_000);
  return sql`
    select p.bucket, p.user_id, p.created_at, p.external_id, p.first_name, p.last_name, p.email, p.phone, p.dob, p.country,
           p.language, p.gender, p.home_city, p.time_zone, p.longitude, p.latitude, p.random_bucket, p.email_state,
           p.push_state, p.push_state_changed_at, p.custom,
           (select json_agg(json_build_object('kind', t.kind, 'name', t.name, 'first', extract(epoch from t.first_at) * 1000,
                                              'last', extract(epoch from t.last_at) * 1000, 'count', t.count,
                                              'is_recent', t.last_at >= ${since}) order by t.kind, t.name)
              from activity_totals t
             where t.bucket = p.bucket and t.user_id = p.user_id) as totals,
           (select coalesce(sum(t.revenue), 0)::double precision
              from activity_totals t
             where t.bucket = p.bucket and t.user_id = p.user_id) as revenue,
           (select json_agg(json_build_object('app_id', t.app_id, 'platform', t.platform, 'token', t.token,
                                              'device_id', t.device_id, 'foreground', t.foreground)
                            order by t.registered_at, t.app_id, t.token)
              from push_targets t
             where t.bucket = p.bucket and t.user_id = p.user_id) as targets,
           (select json_agg(json_build_object('campaign_id', t.campaign_id, 'last', extract(epoch from t.last_at) * 1000))
              from received_totals t
             where t.bucket = p.bucket and t.user_id = p.user_id and t.campaign_id <> '') as campaigns
      from ${askedFor(keys)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(keys, sql`p.bucket`)} and p.workspace_id = ${workspaceId}`;
}

/** The aliases of these people, by user id. */
async function loadAliases(db: Db, keys: readonly PersonKey[]): Promise<Map<number, Alias[]>> {
  const rows = await db.query<{ user_id: number; aliases: Alias[] }>(sql`
    select n.user_id, json_agg(json_build_object('alias_name', n.name, 'alias_label', n.label) order by n.label) as aliases
      from ${askedFor(keys)}
      join user_names n on n.bucket = asked.bucket and n.user_id = asked.user_id and n.label <> ''
     group by n.user_id`);
  return new Map(rows.map(({ user_id, aliases }) => [user_id, aliases]));
}

const alwaysPresent = new Set<string>(['user_aliases']);
/** A member that comes along with the field `push_subscribe`, as in the original's sample. */
const optedInAt = 'push_opted_in_at';

interface Context {
  fields: ReadonlySet<ExportField> | null;
  workspace: WorkspaceCatalog;
  /** What the ledger says this person received. */
  received: readonly Received[];
}

/** The members that were asked for, without those that are null or empty. */
function exported(row: ExportedPerson, { fields, workspace, received }: Context): Exported {
  const members = Object.entries(membersOf(row, workspace, received));
  const isWanted = (name: string) =>
    fields === null || fields.has(name === optedInAt ? 'push_subscribe' : (name as ExportField));
  const kept = members.filter(([name, value]) => isWanted(name) && (alwaysPresent.has(name) || !isEmpty(value)));
  return Object.fromEntries(kept);
}

function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** All members of an exported person, in the order of the original's recorded answers. */
function membersOf(
  row: ExportedPerson,
  workspace: WorkspaceCatalog,
  received: readonly Received[],
): Partial<Record<ExportField | typeof optedInAt, unknown>> {
  return {
    created_at: row.created_at.toISOString(),
    external_id: row.external_id,
    user_aliases: row.aliases,
    braze_id: brazeId(row.created_at, row.bucket, row.user_id),
    first_name: row.first_name,
    last_name: row.last_name,
    random_bucket: row.random_bucket,
    email: row.email,
    phone: row.phone,
    dob: row.dob,
    country: row.country,
    home_city: row.home_city,
    language: row.language,
    gender: row.gender,
    time_zone: row.time_zone,
    last_coordinates: row.longitude === null || row.latitude === null ? null : [row.longitude, row.latitude],
    custom_attributes: row.custom,
    custom_events: recent(row, 'event'),
    purchases: recent(row, 'purchase'),
    total_revenue: row.revenue,
    push_subscribe: row.push_state,
    push_opted_in_at: row.push_state === 'opted_in' ? (row.push_state_changed_at?.toISOString() ?? null) : null,
    email_subscribe: row.email_state,
    push_tokens: pushTokens(row, workspace),
    campaigns_received: campaignsReceived(lastReceived(row, received), workspace),
    consent_changes: row.consent.map(changeAnswer),
  };
}

function recent(row: ExportRow, kind: Total['kind']): Exported[] {
  return (row.totals ?? [])
    .filter((total) => total.kind === kind && total.is_recent)
    .map(({ name, first, last, count }) => ({
      name,
      first: new Date(first).toISOString(),
      last: new Date(last).toISOString(),
      count,
    }));
}

function pushTokens(row: ExportRow, workspace: WorkspaceCatalog): Exported[] {
  return (row.targets ?? []).map(({ app_id, platform, token, device_id, foreground }) => ({
    app: workspace.apps.get(app_id)?.name ?? app_id,
    platform,
    token,
    device_id,
    notifications_enabled: foreground,
    // Known in the original from its own SDK alone.
    provisionally_opted_in: null,
  }));
}

/** When the last message of each campaign was received, in milliseconds since 1970, by campaign id. */
function lastReceived(row: ExportRow, received: readonly Received[]): Map<string, number> {
  const last = new Map(received.map(({ campaignId, lastAt }) => [campaignId, lastAt.getTime()]));
  for (const { campaign_id, last: at } of row.campaigns ?? [])
    last.set(campaign_id, Math.max(last.get(campaign_id) ?? 0, at));
  return last;
}

/** The campaigns received, the one received longest ago first. */
function campaignsReceived(lastOf: ReadonlyMap<string, number>, workspace: WorkspaceCatalog): Exported[] {
  const ordered = [...lastOf].sort(([one, at], [other, then]) => at - then || (one < other ? -1 : 1));
  return ordered.flatMap(([id, last]) => {
    const campaign = workspace.campaigns.get(id);
    if (campaign === undefined) return [];
    return [
      {
        name: campaign.name,
        api_campaign_id: campaign.id,
        last_received: new Date(last).toISOString(),
        in_control: false,
      },
    ];
  });
}

import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { empty, sql } from '../../db/sql.ts';
import { brazeId } from '../../people/profile/braze-id.ts';
import { nameKey, type PersonKey, type PersonName } from '../../people/profile/identify.ts';
import type { Refusal } from '../expand/expand-named.ts';
import type { SendOrigins } from '../ledger/feedback/send-origins.ts';
import { listListedRefusals } from '../ledger/lists/listed-refusals.ts';
import { sendKey } from '../ledger/send.ts';
import { reasonNow, statusNow } from '../ledger/status-now.ts';
import { isHeld } from '../ledger/stopped-sends.ts';
import { lanes } from '../plan/send-plan.ts';
import { feedbackOf } from './feedback.ts';
import { findVariations } from './variations.ts';
import { type Beside, type VerdictRow, verdictFrom } from './verdict.ts';
import type { DispatchRow } from './verdicts.ts';
import type { Waits } from './waits/wait.ts';

export interface RecipientFilter {
  status: string | null;
  channel: string | null;
  reason: string | null;
  /** Only sends with at least so many attempts. 0: all. */
  minAttempts: number;
  /** The only person asked for. null: everybody. */
  person: AskedPerson | null;
  /** What the dispatch waits for. */
  waits: Waits;
  origins: SendOrigins;
  /** Where the previous page ended. null: start at the first row. */
  after: RecipientCursor | null;
  limit: number;
}

/** A person who is asked for by name. */
export interface AskedPerson {
  /** null: nobody has the name, or the person was deleted. */
  key: PersonKey | null;
  /** The names by which a request may have named the person. */
  names: readonly PersonName[];
}

/** The last row of a page: the number of refusals listed so far (of a list, the last line), or the key of a send. */
export type RecipientCursor = { refusals: number } | SendCursor;

interface SendCursor {
  bucket: number;
  userId: number;
  channel: string;
}

export interface RecipientPage {
  verdicts: object[];
  /** null: it is the last page. */
  next: RecipientCursor | null;
}

/**
 * Lists the verdicts of a dispatch: first one for each named person who was refused before any channel, then one for each
 * person and channel, in key order.
 */
export async function listRecipients(db: Db, dispatch: DispatchRow, filter: RecipientFilter): Promise<RecipientPage> {
  const { after, limit } = filter;
  const listed = after === null ? 0 : 'refusals' in after ? after.refusals : null;
  if (listed === null) return listSends(db, dispatch, filter);
  if (dispatch.lane === lanes.broadcast) return listFromLines(db, dispatch, { ...filter, listed });
  const refused = dispatch.refusals.filter((refusal) => isAskedFor(refusal, filter)).slice(listed);
  const verdicts = refused.slice(0, limit).map(verdictOfRefusal);
  if (refused.length > limit) return { verdicts, next: { refusals: listed + limit } };
  const rest = await listSends(db, dispatch, { ...filter, after: null, limit: limit - verdicts.length });
  // With no room left, a row beyond the page only says that there is another page.
  const next = rest.next === null || limit > verdicts.length ? rest.next : { refusals: listed + verdicts.length };
  return { verdicts: [...verdicts, ...rest.verdicts], next };
}

/** The same for a dispatch to a list, whose refused lines are stored apart. `listed`: the last line that was listed. */
async function listFromLines(
  db: Db,
  dispatch: DispatchRow,
  { listed, ...filter }: RecipientFilter & { listed: number },
): Promise<RecipientPage> {
  const { limit, reason, channel, minAttempts, status, person } = filter;
  const isAsked = channel === null && minAttempts === 0 && (status === null || status === 'skipped');
  const asked = { after: listed, limit: limit + 1, reason, names: person?.names ?? null };
  const refused = isAsked ? await listListedRefusals(db, dispatch.id, asked) : [];
  const page = refused.slice(0, limit);
  const verdicts = page.map(({ line, ...refusal }) => ({ ...verdictOfRefusal(refusal), line }));
  const lastLine = page.at(-1)?.line ?? listed;
  if (refused.length > limit) return { verdicts, next: { refusals: lastLine } };
  const rest = await listSends(db, dispatch, { ...filter, after: null, limit: limit - verdicts.length });
  const next = rest.next === null || limit > verdicts.length ? rest.next : { refusals: lastLine };
  return { verdicts: [...verdicts, ...rest.verdicts], next };
}

function isAskedFor(refusal: Refusal, { channel, status, reason, minAttempts, person }: RecipientFilter): boolean {
  if (channel !== null || minAttempts > 0 || (status !== null && status !== 'skipped')) return false;
  if (reason !== null && reason !== refusal.reason) return false;
  if (person === null) return true;
  if (refusal.by !== undefined) return false;
  const key = nameKey(refusal.label, refusal.name);
  return person.names.some(({ label, name }) => nameKey(label, name) === key);
}

interface SendRow extends VerdictRow {
  channel: ChannelKey;
  bucket: number;
  user_id: number;
  external_id: string | null;
  created_at: Date | null;
  aliases: { alias_name: string; alias_label: string }[] | null;
}

/** Of a dispatch to more people, a page fills from the first buckets, so few are read at first. */
const MANY = 20_000;
const BUCKETS = 256;
const GROWTH = 4;

async function listSends(db: Db, dispatch: DispatchRow, filter: RecipientFilter): Promise<RecipientPage> {
  const { person, waits, origins, after: cursor, limit } = filter;
  if ((person !== null && person.key === null) || hasNone(dispatch, filter)) return { verdicts: [], next: null };
  const key = person?.key ?? null;
  const after = cursor !== null && 'bucket' in cursor ? cursor : null;
  const [first, last] = key === null ? [after?.bucket ?? 0, BUCKETS - 1] : [key.bucket, key.bucket];
  const rows: SendRow[] = [];
  let many = (dispatch.targeted ?? 0) > MANY ? 1 : BUCKETS;
  for (let from = first; from <= last && rows.length <= limit; from += many, many *= GROWTH) {
    const buckets = { first: from, last: Math.min(last, from + many - 1) };
    rows.push(...(await readSends(db, dispatch, { ...filter, key, after, buckets, most: limit + 1 - rows.length })));
  }
  const page = rows.slice(0, limit);
  const end = rows.length > limit ? (page.at(-1) ?? rows[0]) : undefined;
  const next = end === undefined ? null : { bucket: end.bucket, userId: end.user_id, channel: end.channel };
  const keyOf = ({ bucket, user_id: userId, channel }: SendRow) => ({
    bucket,
    dispatchId: dispatch.id,
    userId,
    channel,
  });
  const varied = page.map((row) => ({ ...keyOf(row), campaignId: dispatch.campaign_id, reason: row.reason }));
  const variations = await findVariations(db, origins, varied);
  const verdicts = page.map((row) => recipientFrom(row, { waits, variationId: variations.get(sendKey(keyOf(row))) }));
  return { verdicts, next };
}

/** Whether the exact counts of a dispatch that is over say that no send fits. */
function hasNone(
  { counts, open_tasks: openTasks }: DispatchRow,
  { status, channel, reason }: RecipientFilter,
): boolean {
  if (counts === null || !counts.isFinal || openTasks > 0) return false;
  return !counts.rows.some(
    (row) =>
      (status === null || row.status === status) &&
      (channel === null || row.channel === channel) &&
      (reason === null || row.reason === reason),
  );
}

interface SendsOfBuckets extends Pick<RecipientFilter, 'status' | 'channel' | 'reason' | 'minAttempts'> {
  key: PersonKey | null;
  after: SendCursor | null;
  buckets: { first: number; last: number };
  most: number;
}

function readSends(
  db: Db,
  { id, state }: Pick<DispatchRow, 'id' | 'state'>,
  { status, channel, reason, minAttempts, key, after, buckets: { first, last }, most }: SendsOfBuckets,
): Promise<SendRow[]> {
  return db.query<SendRow>(sql`
    select s.bucket, s.user_id, s.channel, s.status_now as status, s.attempts, s.due_at, ${isHeld} as is_held, s.updated_at,
           s.reason_now as reason, s.detail,
           s.provider_code, s.provider_message_id, s.address, s.extras, s.retried_after, p.external_id, p.created_at, ${feedbackOf},
           (select json_agg(json_build_object('alias_name', n.name, 'alias_label', n.label) order by n.label)
              from user_names n
             where n.bucket = s.bucket and n.user_id = s.user_id and n.label <> '') as aliases
      from generate_series(${first}::integer, ${last}::integer) as b(bucket)
     cross join lateral (
       select *, ${statusNow(state)} as status_now, ${reasonNow(state)} as reason_now
         from sends
        where bucket = b.bucket and dispatch_id = ${id}
              ${key === null ? empty : sql`and user_id = ${key.userId}`}
              ${after === null ? empty : sql`and (bucket, user_id, channel) > (${after.bucket}, ${after.userId}, ${after.channel})`}
              ${status === null ? empty : sql`and (${statusNow(state)})::text = ${status}`}
              ${reason === null ? empty : sql`and (${reasonNow(state)}) = ${reason}`}
              ${channel === null ? empty : sql`and channel = ${channel}`}
              ${minAttempts === 0 ? empty : sql`and attempts >= ${minAttempts}`}
        order by user_id, channel
        limit ${most}
     ) as s
      left join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
      left join send_feedback f
        on f.bucket = s.bucket and f.dispatch_id = s.dispatch_id and f.user_id = s.user_id and f.channel = s.channel
     order by s.bucket, s.user_id, s.channel
     limit ${most}`);
}

function recipientFrom(row: SendRow, beside: Beside): object {
  return {
    external_id: row.external_id,
    user_aliases: row.aliases ?? [],
    braze_id: row.created_at === null ? null : brazeId(row.created_at, row.bucket, row.user_id),
    ...verdictFrom(row, beside),
  };
}

/** The verdict of a named person who was refused before any channel. */
export function verdictOfRefusal({ reason, detail, ...name }: Refusal): object {
  return {
    external_id: null,
    user_aliases: [],
    ...identifierOf(name),
    channel: null,
    status: 'skipped',
    reason,
    detail: detail ?? null,
  };
}

/** The name as the request gave it. */
function identifierOf({ label, name, by }: Pick<Refusal, 'label' | 'name' | 'by'>): object {
  if (by !== undefined) return by === 'email' ? { email: name } : { braze_id: name };
  return label === '' ? { external_id: name } : { user_aliases: [{ alias_name: name, alias_label: label }] };
}

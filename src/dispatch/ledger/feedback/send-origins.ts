import { textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { SendPlan } from '../../plan/send-plan.ts';
import { placeOf, variationAt } from '../../plan/split.ts';
import { type SendKey, sendKey } from '../send.ts';

/** What a message names, as it names it. null: nothing. */
interface Naming {
  variationId: string | null;
  groupId: string | null;
}

/** What a send belongs to. */
export interface SendOrigin extends Naming {
  /** null: it belongs to no campaign. */
  campaignId: string | null;
  /** '': none. */
  sendId: string;
  /** What the caller of a transactional send calls it. null: nothing. */
  externalSendId: string | null;
  /** Whether people are divided among several messages of its channel. */
  isDivided: boolean;
}

/** What the sends of one channel of a dispatch belong to. */
interface ChannelOrigin extends SendOrigin {
  /** Percent of the people who get nothing. */
  control: number;
  /** What some people get instead. */
  others: readonly (Naming & { percent: number })[];
}

const ENTRY_BYTES = 500;

/** Reads what sends belong to from the plans of their dispatches, and keeps what was read last. */
export class SendOrigins {
  readonly #kept = new BoundedCache<string, ChannelOrigin>({ mostBytes: 4 * 1_048_576 });

  /**
   * By `sendKey`. Sends of dispatches that are gone are missing. A send that a merge moved is asked for with the person to
   * whom it was sent, whose variation it has.
   */
  async read(db: Db, sends: readonly SendKey[]): Promise<ReadonlyMap<string, SendOrigin>> {
    const wanted = new Map(sends.map((send) => [channelKey(send), send]));
    const found = new Map<string, ChannelOrigin>();
    for (const key of wanted.keys()) {
      const kept = this.#kept.get(key);
      if (kept !== undefined) found.set(key, kept);
    }
    const unknown = [...wanted].flatMap(([key, send]) => (found.has(key) ? [] : [send]));
    for (const { send, origin } of await readOrigins(db, unknown)) {
      found.set(channelKey(send), origin);
      this.#kept.set(channelKey(send), origin, ENTRY_BYTES * (1 + origin.others.length));
    }
    return new Map(
      sends.flatMap((send) => {
        const origin = found.get(channelKey(send));
        return origin === undefined ? [] : [[sendKey(send), originFor(origin, send.userId)] as const];
      }),
    );
  }
}

function originFor({ control, others, ...usual }: ChannelOrigin, userId: number): SendOrigin {
  if (usual.campaignId === null || others.length === 0) return usual;
  const other = variationAt(placeOf(usual.campaignId, userId), control, others);
  return other === null ? usual : { ...usual, variationId: other.variationId, groupId: other.groupId };
}

function channelKey({ dispatchId, channel }: SendKey): string {
  return `${dispatchId}/${channel}`;
}

/** Most bytes of plans that are read at once. */
const MOST_READ_BYTES = 8 * 1_048_576;

interface OriginRow extends Record<string, unknown> {
  id: string;
  campaign_id: string | null;
  send_id: string | null;
  request: string;
}

interface ReadOrigin {
  send: SendKey;
  origin: ChannelOrigin;
}

/** `sends`: one for each channel of a dispatch. */
async function readOrigins(db: Db, sends: readonly SendKey[]): Promise<ReadOrigin[]> {
  const byDispatch = Map.groupBy(sends, ({ dispatchId }) => dispatchId);
  const origins: ReadOrigin[] = [];
  let left = [...byDispatch.keys()];
  while (left.length > 0) {
    // The JSON is read here, because PostgreSQL's operators refuse one with \u0000 in it.
    const rows = await db.query<OriginRow>(sql`
      select id, campaign_id, send_id, request
        from (select *, sum(octet_length(request)) over before as bytes_before
                from (select id, campaign_id, send_id, request::text as request
                        from dispatches
                       where id = any(${textArray(left)}::uuid[])) as found
              window before as (order by id rows between unbounded preceding and 1 preceding)) as counted
       where bytes_before is null or bytes_before < ${MOST_READ_BYTES}`);
    for (const row of rows) origins.push(...originsFrom(row, byDispatch.get(row.id) ?? []));
    const read = new Set(rows.map(({ id }) => id));
    left = read.size === 0 ? [] : left.filter((id) => !read.has(id));
  }
  return origins;
}

function originsFrom({ campaign_id, send_id, request }: OriginRow, sends: readonly SendKey[]): ReadOrigin[] {
  const { messages, split, externalSendId }: SendPlan = JSON.parse(request);
  return sends.map((send) => {
    const ofChannel = (split?.others ?? []).filter(({ channel }) => channel === send.channel);
    return {
      send,
      origin: {
        ...namingOf((messages as Readonly<Record<string, object | undefined>>)[send.channel]),
        campaignId: campaign_id,
        sendId: send_id ?? '',
        externalSendId: externalSendId ?? null,
        isDivided: ofChannel.length > 0,
        control: split?.control ?? 0,
        others: ofChannel.map(({ percent, message }) => ({ ...namingOf(message), percent })),
      },
    };
  });
}

/** Messages of every channel name these alike. */
function namingOf(message: { message_variation_id?: string; subscription_group_id?: string } | undefined): Naming {
  return { variationId: message?.message_variation_id ?? null, groupId: message?.subscription_group_id ?? null };
}

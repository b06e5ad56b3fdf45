import { textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { SendPlan } from '../../plan/send-plan.ts';

/** What the sends of one channel of a dispatch belong to. */
export interface SendOrigin {
  dispatchId: string;
  channel: string;
  /** null: it belongs to no campaign. */
  campaignId: string | null;
  /** '': none. */
  sendId: string;
  /** The variation that the message names, as it names it. null: none. */
  variationId: string | null;
  /** The subscription group that the message names, as it names it. null: none. */
  groupId: string | null;
}

const ENTRY_BYTES = 500;

/** Reads what sends belong to from the plans of their dispatches, and keeps what was read last. */
export class SendOrigins {
  readonly #kept = new BoundedCache<string, SendOrigin>({ mostBytes: 4 * 1_048_576 });

  /** By `originKey`. Those of dispatches that are gone are missing. */
  async read(
    db: Db,
    asked: readonly Pick<SendOrigin, 'dispatchId' | 'channel'>[],
  ): Promise<ReadonlyMap<string, SendOrigin>> {
    const wanted = new Map(asked.map((one) => [originKey(one), one]));
    const found = new Map<string, SendOrigin>();
    for (const key of wanted.keys()) {
      const kept = this.#kept.get(key);
      if (kept !== undefined) found.set(key, kept);
    }
    const unknown = [...wanted].flatMap(([key, one]) => (found.has(key) ? [] : [one]));
    for (const origin of await readOrigins(db, unknown)) {
      found.set(originKey(origin), origin);
      this.#kept.set(originKey(origin), origin, ENTRY_BYTES);
    }
    return found;
  }
}

export function originKey({ dispatchId, channel }: Pick<SendOrigin, 'dispatchId' | 'channel'>): string {
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

async function readOrigins(
  db: Db,
  asked: readonly Pick<SendOrigin, 'dispatchId' | 'channel'>[],
): Promise<SendOrigin[]> {
  const channels = Map.groupBy(asked, ({ dispatchId }) => dispatchId);
  const origins: SendOrigin[] = [];
  let left = [...channels.keys()];
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
    for (const row of rows)
      origins.push(...(channels.get(row.id) ?? []).map(({ channel }) => originFrom(row, channel)));
    const read = new Set(rows.map(({ id }) => id));
    left = read.size === 0 ? [] : left.filter((id) => !read.has(id));
  }
  return origins;
}

function originFrom({ id, campaign_id, send_id, request }: OriginRow, channel: string): SendOrigin {
  const { messages }: SendPlan = JSON.parse(request);
  const message = (messages as Readonly<Record<string, Named | undefined>>)[channel];
  return {
    dispatchId: id,
    channel,
    campaignId: campaign_id,
    sendId: send_id ?? '',
    variationId: message?.message_variation_id ?? null,
    groupId: message?.subscription_group_id ?? null,
  };
}

/** The members that messages of every channel name alike. */
interface Named {
  message_variation_id?: string;
  subscription_group_id?: string;
}

import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** One message per channel and address of a broadcast. */
export interface ClaimedFor {
  dispatchId: string;
  channel: ChannelKey;
}

/** Who gets the message of each of these addresses, by user id; those that nobody has claimed are missing. */
export async function loadClaims(
  db: Db,
  { dispatchId, channel }: ClaimedFor,
  addresses: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db.query<Claim>(sql`
    select address, user_id
      from address_claims
     where dispatch_id = ${dispatchId} and channel = ${channel} and address = any(${addresses}::text[])`);
  return new Map(rows.map(({ address, user_id }) => [address, user_id]));
}

/** Claims each address for its user id. Whose it is from now on, by user id: of whoever was first. */
export async function claimAddresses(
  db: Db,
  { dispatchId, channel }: ClaimedFor,
  holders: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const rows = await db.query<Claim>(sql`
    insert into address_claims (dispatch_id, channel, address, user_id)
    select ${dispatchId}, ${channel}, x.address, x.user_id
      from unnest(${[...holders.keys()]}::text[], ${[...holders.values()]}::bigint[]) as x(address, user_id)
     order by x.address
        on conflict (dispatch_id, channel, address) do update
       set user_id = address_claims.user_id
    returning address, user_id`);
  return new Map(rows.map(({ address, user_id }) => [address, user_id]));
}

interface Claim extends Record<string, unknown> {
  address: string;
  user_id: number;
}

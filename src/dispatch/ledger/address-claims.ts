import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';

/** The broadcast and channel for which addresses are claimed: each address gets one message. */
export interface ClaimedFor {
  dispatchId: string;
  channel: ChannelKey;
}

/** The user id that gets the message of each address. Addresses that nobody has claimed are missing. */
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

/** Claims each address for its user id. Returns the user id that holds each address: the first that claimed it. */
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

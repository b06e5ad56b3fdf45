import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { loadRecipients } from '../../people/profile/facts.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { claimAddresses, loadClaims } from '../ledger/address-claims.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { chooseHolder, type SharedSend, sharedSends, turnOf } from './address-turns.ts';
import type { LoadedFacts } from './load-facts.ts';
import type { AddressTurn } from './send-facts.ts';

/** Most people with one address among whom the one who gets the message is chosen. */
const MOST_CANDIDATES = 50;

/**
 * The turns of sends to shared addresses. A broadcast sends one message per channel and address. Of the people who
 * share an address, the lowest user id that may get it does; see decision 11. Sends whose address nobody shares, which
 * are nearly all, are missing.
 */
export async function takeTurns(
  db: Db,
  { sends, dispatches, facts, now }: TurnsInput,
): Promise<ReadonlyMap<PendingSend, AddressTurn>> {
  const turns = new Map<PendingSend, AddressTurn>();
  const shared = sharedSends(sends, dispatches, facts);
  const groups = Map.groupBy(shared, ({ send, dispatch }) =>
    dispatch.isExpanded ? `${dispatch.id}/${send.channel}` : '',
  );
  for (const { send } of groups.get('') ?? []) turns.set(send, 'later');
  groups.delete('');
  for (const group of groups.values()) await takeTurnsOf(db, group, turns, now);
  return turns;
}

export interface TurnsInput {
  sends: readonly PendingSend[];
  dispatches: ReadonlyMap<string, LoadedDispatch>;
  facts: LoadedFacts;
  now: Date;
}

/** Adds the turns of sends of one dispatch and channel. */
async function takeTurnsOf(
  db: Db,
  group: readonly SharedSend[],
  turns: Map<PendingSend, AddressTurn>,
  now: Date,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { dispatch, send } = first;
  const addresses = [...new Set(group.map(({ address }) => address))].sort();
  const holders = await holdersOf(db, { dispatch, channel: send.channel, addresses, now });
  for (const one of group) turns.set(one.send, turnOf(one, holders.get(one.address)));
}

interface Claim {
  dispatch: LoadedDispatch;
  channel: ChannelKey;
  addresses: readonly string[];
  now: Date;
}

/** The user id that gets the message of each address. It never changes once it is stored. */
async function holdersOf(db: Db, claim: Claim): Promise<Map<string, number>> {
  const { dispatch, channel, addresses } = claim;
  const of = { dispatchId: dispatch.id, channel };
  const holders = await loadClaims(db, of, addresses);
  const open = addresses.filter((address) => !holders.has(address));
  if (open.length === 0) return holders;
  const claimed = await claimAddresses(db, of, await chooseHolders(db, { ...claim, addresses: open }));
  return new Map([...holders, ...claimed]);
}

async function chooseHolders(db: Db, claim: Claim): Promise<Map<string, number>> {
  const { dispatch } = claim;
  const candidates = await candidatesOf(db, claim);
  const people = [...candidates.values()].flat();
  const { id: workspaceId, blockedAttributes: hidden } = dispatch.workspace;
  const facts = await loadRecipients(db, { workspaceId, people, needs: dispatch.needs, hidden });
  const chosen = new Map<string, number>();
  for (const [address, persons] of candidates) {
    const holder = chooseHolder(persons, facts, claim);
    if (holder !== undefined) chosen.set(address, holder.userId);
  }
  return chosen;
}

/**
 * The people of the audience who have each address, in order of user id. A scalar subquery asks whether a person is in
 * the audience, because with a join the planner may read the whole dispatch for every address.
 */
async function candidatesOf(db: Db, { dispatch, channel, addresses }: Claim): Promise<Map<string, PersonKey[]>> {
  const isEmail = dispatch.messages.get(channel)?.channel.address.kind === 'email';
  const rows = await db.query<{ address: string; bucket: number; userId: number }>(sql`
    select a.address, c.bucket, c.user_id as "userId"
      from unnest(${addresses}::text[]) as a(address)
     cross join lateral (
       select p.bucket, p.user_id
         from profiles p
        where ${isEmail ? sql`lower(p.email)` : sql`p.phone`} = a.address and p.workspace_id = ${dispatch.workspace.id}
          and (select true
                 from sends s
                where s.bucket = p.bucket and s.dispatch_id = ${dispatch.id} and s.user_id = p.user_id
                  and s.channel = ${channel})
        order by p.user_id
        limit ${MOST_CANDIDATES}
     ) as c
     order by c.user_id`);
  return Map.groupBy(rows, ({ address }) => address);
}

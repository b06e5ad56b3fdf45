import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { brazeId } from '../../people/profile/braze-id.ts';
import { loadRecipients } from '../../people/profile/facts.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { claimAddresses, loadClaims } from '../ledger/address-claims.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { chooseHolder, type SharedSend, sharedSends, turnOf } from './address-turns.ts';
import type { LoadedFacts } from './load-facts.ts';
import type { TakenTurn } from './send-facts.ts';

/** Most people with one address among whom the one who gets the message is chosen. */
const MOST_CANDIDATES = 50;
const LONGEST_NAME = 100;

/**
 * The turns of sends to shared addresses. A broadcast sends one message per channel and address. Of the people who
 * share an address, the lowest user id that may get it does; see decision 11. Sends whose address nobody shares, which
 * are nearly all, are missing.
 */
export async function takeTurns(
  db: Db,
  { sends, dispatches, facts, now }: TurnsInput,
): Promise<ReadonlyMap<PendingSend, TakenTurn>> {
  const turns = new Map<PendingSend, TakenTurn>();
  const shared = sharedSends(sends, dispatches, facts);
  const groups = Map.groupBy(shared, ({ send, dispatch }) =>
    dispatch.isExpanded ? `${dispatch.id}/${send.channel}` : '',
  );
  for (const { send } of groups.get('') ?? []) turns.set(send, { turn: 'later', holder: null });
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
  turns: Map<PendingSend, TakenTurn>,
  now: Date,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { dispatch, send } = first;
  const addresses = [...new Set(group.map(({ address }) => address))].sort();
  const holders = await holdersOf(db, { dispatch, channel: send.channel, addresses, now });
  const taken = group.map((one) => ({ one, turn: turnOf(one, holders.get(one.address)) }));
  const asked = taken.flatMap(({ one, turn }) => (turn === 'own' ? [] : (holders.get(one.address) ?? [])));
  const names = await namesOf(db, [...new Set(asked)]);
  for (const { one, turn } of taken)
    turns.set(one.send, { turn, holder: names.get(holders.get(one.address) ?? 0) ?? null });
}

/** Who the holders of addresses are, in words, by user id. Those who were deleted are missing. */
async function namesOf(db: Db, userIds: readonly number[]): Promise<Map<number, string>> {
  if (userIds.length === 0) return new Map();
  const rows = await db.query<{ bucket: number; user_id: number; external_id: string | null; created_at: Date }>(sql`
    select p.bucket, p.user_id, p.external_id, p.created_at
      from unnest(${userIds}::bigint[]) as h(user_id)
      join profiles p on p.bucket = bucket_of(h.user_id) and p.user_id = h.user_id`);
  return new Map(
    rows.map(({ bucket, user_id, external_id: name, created_at }) => {
      const who = name === null ? `braze_id ${brazeId(created_at, bucket, user_id)}` : `external_id ${shown(name)}`;
      return [user_id, `the message to this address is that of ${who}`];
    }),
  );
}

function shown(name: string): string {
  return JSON.stringify(name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`);
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

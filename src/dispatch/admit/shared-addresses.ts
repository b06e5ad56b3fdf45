import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { loadRecipients, type Recipient } from '../../people/profile/facts.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { claimAddresses, loadClaims } from '../ledger/address-claims.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isBroadcast } from '../plan/send-plan.ts';
import { type AddressTurn, admit } from './gates.ts';

/** By workspace, then by user id. */
export type Facts = Map<number, Map<number, Recipient>>;

/** An address that many people have is looked through for one who may be sent to, but not without end. */
const MOST_CANDIDATES = 50;
/** How long a shared address waits for the rest of its audience to be written before it is looked at again. */
const LOOK_AGAIN_MS = 1_000;

export function laterTurn(now: Date): Date {
  return new Date(now.getTime() + LOOK_AGAIN_MS);
}

/**
 * Broadcasts send one message per channel and address. Of those who share one, the lowest user id that may be sent to
 * gets it; see docs/decisions/0011. Sends whose address nobody shares, which are nearly all, are missing.
 */
export async function takeTurns(
  db: Db,
  sends: readonly PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  facts: Facts,
): Promise<Map<PendingSend, AddressTurn>> {
  const turns = new Map<PendingSend, AddressTurn>();
  const groups = new Map<string, SharedSend[]>();
  for (const send of sends) {
    const dispatch = dispatches.get(send.dispatchId);
    const recipient = dispatch && facts.get(dispatch.workspace.id)?.get(send.userId);
    const address = dispatch && recipient ? sharedAddress(dispatch, send.channel, recipient) : null;
    if (dispatch === undefined || address === null) continue;
    if (!dispatch.isExpanded) turns.set(send, 'later');
    else
      groups.set(`${dispatch.id}/${send.channel}`, [
        ...(groups.get(`${dispatch.id}/${send.channel}`) ?? []),
        { send, dispatch, address },
      ]);
  }
  for (const group of groups.values()) await giveTurns(db, group, turns);
  return turns;
}

interface SharedSend {
  send: PendingSend;
  dispatch: LoadedDispatch;
  address: string;
}

/** Null where nobody else has it, and for channels that go to no address. */
function sharedAddress({ plan, messages }: LoadedDispatch, channel: ChannelKey, recipient: Recipient): string | null {
  if (!isBroadcast(plan)) return null;
  const kind = messages.get(channel)?.channel.address.kind;
  if (kind === 'email') return recipient.sharedEmail;
  return kind === 'phone' ? recipient.sharedPhone : null;
}

async function giveTurns(db: Db, group: readonly SharedSend[], turns: Map<PendingSend, AddressTurn>): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { dispatch, send } = first;
  const addresses = [...new Set(group.map(({ address }) => address))].sort();
  const holders = await holdersOf(db, { dispatch, channel: send.channel, addresses });
  for (const one of group) {
    const holder = holders.get(one.address);
    if (holder === undefined || holder === one.send.userId) continue;
    turns.set(one.send, holder < one.send.userId ? 'taken' : 'passed');
  }
}

interface Claim {
  dispatch: LoadedDispatch;
  channel: ChannelKey;
  addresses: readonly string[];
}

/** Who gets the message of each address. Once said it stays so, whoever asks, and whatever changes meanwhile. */
async function holdersOf(db: Db, claim: Claim): Promise<Map<string, number>> {
  const { dispatch, channel, addresses } = claim;
  const of = { dispatchId: dispatch.id, channel };
  const holders = await loadClaims(db, of, addresses);
  const open = addresses.filter((address) => !holders.has(address));
  if (open.length === 0) return holders;
  const claimed = await claimAddresses(db, of, await chooseHolders(db, { ...claim, addresses: open }));
  return new Map([...holders, ...claimed]);
}

/** The lowest user id that passes the gates; where none does, the lowest. */
async function chooseHolders(db: Db, claim: Claim): Promise<Map<string, number>> {
  const { dispatch, channel } = claim;
  const message = dispatch.messages.get(channel);
  const candidates = await candidatesOf(db, claim);
  const people = [...candidates.values()].flat();
  const facts = await loadRecipients(db, { workspaceId: dispatch.workspace.id, people, needs: dispatch.needs });
  const isReachable = ({ userId }: PersonKey) => {
    const recipient = facts.get(userId);
    return recipient !== undefined && message !== undefined && admit(recipient, message.gate).admitted;
  };
  const chosen = new Map<string, number>();
  for (const [address, persons] of candidates) {
    const holder = persons.find(isReachable) ?? persons[0];
    if (holder !== undefined) chosen.set(address, holder.userId);
  }
  return chosen;
}

/**
 * Those of the audience who have each address, by user id. Whether one is in the audience is a scalar question on purpose:
 * as a join, the planner may read the whole dispatch for every address.
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

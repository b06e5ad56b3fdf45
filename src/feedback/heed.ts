import type { ChannelKey } from '../channels/channel.ts';
import { channels } from '../channels/index.ts';
import type { Db } from '../db/database.ts';
import { clearFlag, noteComplaints } from '../people/consent/address-flags.ts';
import { type Dead, markDead } from '../people/consent/dead-addresses.ts';
import { setAddressStates } from '../people/consent/email-state.ts';
import { type GroupOrder, setGroupStates } from '../people/consent/group-states.ts';
import { lockHolders } from '../people/consent/holders.ts';
import type { ConsentSource } from '../people/consent/record/source.ts';
import { lockAddresses } from '../people/track/lock.ts';
import type { GlobalState } from '../templating/facts.ts';
import type { EventKind } from './event.ts';

/** What an event says of the person who has an address. */
export interface Wish {
  kind: EventKind;
  provider: string;
  channel: ChannelKey;
  /** An email address in lower case, a phone number in E.164. */
  address: string;
  isPermanent: boolean;
  /** The provider's code. null: it gave none. */
  code: string | null;
  /** The group that it is about. null: none is known. */
  group: { id: string; kind: GroupOrder['kind'] } | null;
}

interface Wishes {
  workspaceId: number;
  /** In the order in which they were said: the last one counts. */
  wishes: readonly Wish[];
  now: Date;
}

/** Whether an event of this kind can change anything about a person. */
export function isOfPerson({ kind, isPermanent }: { kind: EventKind; isPermanent: boolean }): boolean {
  if (kind === 'bounced' || kind === 'failed') return isPermanent;
  return kind === 'complained' || kind === 'opted_out' || kind === 'opted_in' || kind === 'reactivated';
}

/**
 * Does what events say of people: marks dead addresses, unsubscribes after a complaint, and changes states and groups. Twice
 * is as once. `tx` must be run again when it throws Outdated.
 */
export async function heedWishes(tx: Db, { workspaceId, wishes, now }: Wishes): Promise<void> {
  if (wishes.length === 0) return;
  await lockAll(tx, workspaceId, wishes);
  const of = (kind: EventKind) => wishes.filter((wish) => wish.kind === kind);
  await markDead(
    tx,
    wishes.flatMap((wish) => deadOf(workspaceId, wish)),
    now,
  );
  const reactivated = addressesOf(of('reactivated'), 'email');
  if (reactivated.length > 0) await clearFlag(tx, { workspaceId, addresses: reactivated, flag: 'hard_bounced' });
  for (const [, ones] of Map.groupBy(of('complained'), ({ provider }) => provider)) {
    const addresses = addressesOf(ones, 'email');
    const [wish] = ones;
    if (wish !== undefined && addresses.length > 0)
      await noteComplaints(tx, { workspaceId, addresses, source: sourceOf(wish), now });
  }
  const states = new Map(wishes.flatMap((wish) => stateOf(wish)));
  for (const [, ones] of Map.groupBy(states.values(), ({ state, source }) => JSON.stringify([state, source]))) {
    const [one] = ones;
    const emails = ones.map(({ address }) => address);
    if (one !== undefined) await setAddressStates(tx, { ...one, workspaceId, emails, now });
  }
  const orders = wishes.flatMap(orderOf);
  if (orders.length > 0) await setGroupStates(tx, { workspaceId, orders, now });
}

/** All at once and first, because everybody takes these locks in one order. */
async function lockAll(tx: Db, workspaceId: number, wishes: readonly Wish[]): Promise<void> {
  const [emails, phones] = [addressesOf(wishes, 'email'), addressesOf(wishes, 'phone')];
  await lockAddresses(tx, workspaceId, [...emails, ...phones]);
  await lockHolders(tx, workspaceId, { emails, phones });
}

function addressesOf(wishes: readonly Wish[], kind: 'email' | 'phone'): string[] {
  const ours = wishes.filter(({ channel }) => channels[channel].address.kind === kind);
  return [...new Set(ours.map(({ address }) => address))];
}

function deadOf(workspaceId: number, { kind, channel, address, isPermanent }: Wish): Dead[] {
  const mark = channels[channel].deadMark;
  const isDead = (kind === 'bounced' || kind === 'failed') && isPermanent;
  return isDead && mark !== null ? [{ workspaceId, mark, address }] : [];
}

/** The global state that a wish about mails asks for. A complaint's state is set with its mark. */
function stateOf(wish: Wish): [string, { address: string; state: GlobalState; source: ConsentSource }][] {
  const { kind, channel, address, group } = wish;
  if (channel !== 'email' || group !== null) return [];
  const leaves = kind === 'opted_out' || kind === 'complained';
  if (!leaves && kind !== 'opted_in') return [];
  return [[address, { address, state: leaves ? 'unsubscribed' : 'opted_in', source: sourceOf(wish) }]];
}

/** The feed has the event itself. */
function sourceOf({ kind, channel, provider, code }: Wish): ConsentSource {
  const isReply = channel !== 'email' && code === null;
  const door = kind === 'complained' ? 'complaint' : isReply ? 'reply' : 'provider';
  return { door, provider, isTold: true };
}

function orderOf(wish: Wish): GroupOrder[] {
  const { kind, channel, address, group } = wish;
  const leaves = kind === 'opted_out' || (kind === 'complained' && channel !== 'email');
  if (group === null || !(leaves || kind === 'opted_in')) return [];
  const state = leaves ? 'unsubscribed' : 'subscribed';
  const to = { groupId: group.id, kind: group.kind, addresses: [address], source: sourceOf(wish) };
  return [{ ...to, state, externalIds: [], asksToConfirm: false }];
}

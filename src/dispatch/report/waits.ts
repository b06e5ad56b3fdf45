import { channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { hasWorker } from '../../queue/workers.ts';
import { RESTORED } from '../ledger/dispatches/restored.ts';
import { listPauses, type Pause, whyItWaits } from '../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, relayChannels, type Subject, waitFor } from '../pauses/subject.ts';
import { type LaneName, lanes } from '../plan/send-plan.ts';
import type { DispatchState } from '../plan/states.ts';

/** What the pending sends of a channel of a dispatch wait for. */
export interface Wait {
  /** One sentence. */
  why: string;
  /** When the next probe is made. null: not known. */
  until: Date | null;
}

/** The wait of each channel. null: only for the send's time. */
export type Waits = (channel: string) => Wait | null;

/** A dispatch whose waits are asked for. */
export interface Waiting {
  workspaceId: number;
  state: DispatchState;
  lane: number;
  waitsFor: readonly string[] | null;
}

export const noWaits: Waits = () => null;

/** Finds what the pending sends of a dispatch wait for: a worker, or apps and relays that work again. */
export async function findWaits(db: Db, dispatch: Waiting): Promise<Waits> {
  const missing = await missingWorker(db, dispatch);
  if (missing !== null) return () => ({ why: missing, until: null });
  const { workspaceId, state, waitsFor } = dispatch;
  if (waitsFor === null || !isTried(state)) return noWaits;
  const pauses = (await listPauses(db)).filter(
    (one) => one.workspaceId === workspaceId && waitsFor.includes(waitFor(one.subject)),
  );
  const owners = await ownersOf(db, pauses);
  const nameOf = (id: string) => owners.get(id)?.name;
  const waits = new Map<string, Wait>();
  for (const channel of channelKeys) {
    const theirs = pauses.filter(({ subject }) => concerns(channel, owners.get(ownerOf(subject) ?? '')));
    if (theirs.length === 0) continue;
    const until = new Date(Math.min(...theirs.map(({ probeAt }) => probeAt.getTime())));
    waits.set(channel, { why: whyItWaits(theirs, nameOf), until });
  }
  return (channel) => waits.get(channel) ?? null;
}

/**
 * What went wrong with a dispatch, or what it waits for. null: nothing. A dispatch that is over waits for nothing, and a
 * paused one for an order alone. Pure.
 */
export function standingFailure({
  state,
  failure,
  waits_for: waitsFor,
}: {
  state: DispatchState;
  failure: string | null;
  waits_for: readonly string[] | null;
}): string | null {
  const isPast = waitsFor !== null && !isTried(state) && !(state === 'paused' && waitsFor.includes(RESTORED));
  return isPast ? null : failure;
}

/** Whether the sends of a dispatch in this state may be tried. */
function isTried(state: DispatchState): boolean {
  return state === 'accepted' || state === 'sending';
}

/** Says that no worker takes up the tasks of a dispatch. null: one does, or there is nothing to do. */
export async function missingWorker(db: Db, { state, lane }: Pick<Waiting, 'state' | 'lane'>): Promise<string | null> {
  if (state !== 'accepted' && state !== 'sending' && state !== 'scheduled') return null;
  // Schedules are fired by the workers of the named lane.
  const name = state === 'scheduled' ? 'named' : laneNames.find((one) => lanes[one] === lane);
  return name === undefined || (await hasWorker(db, name)) ? null : noWorker(name);
}

const laneNames = Object.keys(lanes) as LaneName[];

export function noWorker(lane: LaneName): string {
  return `no worker of the lane "${lane}" is running: what is accepted waits`;
}

/** The app or the subscription group that a paused account belongs to. */
interface Owner {
  name: string;
  /** null: it is a group. */
  platform: string | null;
  /** null: it is an app. */
  channel: string | null;
}

/** Id of the app or group. null: a relay is paused. */
function ownerOf(subject: Subject): string | null {
  return appIdOf(subject) ?? groupIdOf(subject);
}

/** `owner`: of the paused account. undefined: relays are paused. */
function concerns(channel: (typeof channelKeys)[number], owner: Owner | undefined): boolean {
  if (owner === undefined) return relayChannels.includes(channel);
  const { address } = channels[channel];
  return owner.channel === channel || (address.kind === 'push' && address.platform === owner.platform);
}

async function ownersOf(db: Db, pauses: readonly Pause[]): Promise<Map<string, Owner>> {
  const ids = pauses.flatMap(({ subject }) => ownerOf(subject) ?? []);
  if (ids.length === 0) return new Map();
  const rows = await db.query<{ id: string; name: string; platform: string | null; channel: string | null }>(sql`
    select id, name, platform, null as channel from apps where id = any(${ids}::text[])
     union all
    select id, name, null, channel from subscription_groups where id = any(${ids}::text[])`);
  return new Map(rows.map(({ id, ...owner }) => [id, owner]));
}

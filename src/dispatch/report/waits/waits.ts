import { channelKeys } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { isStartingWorker, listServers } from '../../../queue/servers.ts';
import { hasWorker } from '../../../queue/workers.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { RESTORED } from '../../ledger/dispatches/restored.ts';
import { type Pause, standingPauses, whyItWaits } from '../../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, relayChannels, type Subject, waitFor } from '../../pauses/subject.ts';
import { type LaneName, lanes } from '../../plan/send-plan.ts';
import type { DispatchState } from '../../plan/states.ts';
import { findOwnLimits } from '../own-limits.ts';
import { noWaits, type Wait, type Waits } from './wait.ts';

/** A dispatch whose waits are asked for. */
export interface Waiting {
  dispatchId: string;
  state: DispatchState;
  lane: number;
  waitsFor: readonly string[] | null;
}

/** Whose sends they are, and the time of the question. */
export interface Asking {
  workspaceId: number;
  /** undefined: the workspace was just deleted. */
  workspace: WorkspaceCatalog | undefined;
  now: Date;
}

/** A send that was taken up so long ago waits for its call, in milliseconds. */
const IN_HAND_MS = 1_000;

/**
 * Finds what the sends of a dispatch wait for: a worker, apps and relays that work again, or a limit of our own. A send that
 * was taken up waits only for the quota of its account.
 */
export async function findWaits(db: Db, dispatch: Waiting, asking: Asking): Promise<Waits> {
  const missing = await missingWorker(db, dispatch);
  if (missing !== null) return ({ status }) => (status === 'pending' ? { why: missing.why, until: null } : null);
  if (!isTried(dispatch.state)) return noWaits;
  const paused = await findPauses(db, dispatch, asking);
  const { pace, quota } = await findOwnLimits(db, dispatch.dispatchId, asking);
  const inHandSince = asking.now.getTime() - IN_HAND_MS;
  return ({ channel, status, updated_at: updatedAt }) => {
    if (status === 'pending') return paused.get(channel) ?? pace.get(channel) ?? quota.get(channel) ?? null;
    return status === 'sending' && updatedAt.getTime() <= inHandSince ? (quota.get(channel) ?? null) : null;
  };
}

/** The wait of each channel whose apps, groups or relays are paused. */
async function findPauses(
  db: Db,
  { waitsFor }: Waiting,
  { workspaceId, now }: Asking,
): Promise<ReadonlyMap<string, Wait>> {
  const waits = new Map<string, Wait>();
  if (waitsFor === null) return waits;
  const pauses = (await standingPauses(db, workspaceId, now)).filter((one) => waitsFor.includes(waitFor(one.subject)));
  const owners = await ownersOf(db, pauses);
  const nameOf = (id: string) => owners.get(id)?.name;
  for (const channel of channelKeys) {
    const theirs = pauses.filter(({ subject }) => concerns(channel, owners.get(ownerOf(subject) ?? '')));
    if (theirs.length === 0) continue;
    const until = new Date(Math.min(...theirs.map(({ probeAt }) => probeAt.getTime())));
    waits.set(channel, { why: whyItWaits(theirs, nameOf), until });
  }
  return waits;
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
export function isTried(state: DispatchState): boolean {
  return state === 'accepted' || state === 'sending';
}

/** `isStarting`: the worker has not begun to work, because its server has just been started. */
export interface MissingWorker {
  why: string;
  isStarting: boolean;
}

/** Says that no worker takes up the tasks of a dispatch. null: one does, or there is nothing to do. */
export async function missingWorker(
  db: Db,
  { state, lane }: Pick<Waiting, 'state' | 'lane'>,
): Promise<MissingWorker | null> {
  if (state !== 'accepted' && state !== 'sending' && state !== 'scheduled') return null;
  // Schedules are fired by the workers of the named lane.
  const name = state === 'scheduled' ? 'named' : laneNames.find((one) => lanes[one] === lane);
  if (name === undefined || (await hasWorker(db, name))) return null;
  const isStarting = (await listServers(db)).some(isStartingWorker);
  return { why: isStarting ? startingWorker(name) : noWorker(name), isStarting };
}

const laneNames = Object.keys(lanes) as LaneName[];

export function noWorker(lane: LaneName): string {
  return `no worker of the lane "${lane}" is running: what is accepted waits`;
}

export function startingWorker(lane: LaneName): string {
  return `a worker of the lane "${lane}" is starting: what is accepted goes out once it has`;
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

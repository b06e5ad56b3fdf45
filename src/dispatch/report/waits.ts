import { channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { hasWorker } from '../../queue/workers.ts';
import { listPauses, type Pause, whyItWaits } from '../pauses/pauses-store.ts';
import { appIdOf, relayChannels, waitFor } from '../pauses/subject.ts';
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
  const { workspaceId, waitsFor } = dispatch;
  if (waitsFor === null) return noWaits;
  const pauses = (await listPauses(db)).filter(
    (one) => one.workspaceId === workspaceId && waitsFor.includes(waitFor(one.subject)),
  );
  const apps = await appsOf(db, pauses);
  const nameOf = (appId: string) => apps.get(appId)?.name;
  const waits = new Map<string, Wait>();
  for (const channel of channelKeys) {
    const theirs = pauses.filter(({ subject }) => concerns(channel, apps.get(appIdOf(subject) ?? '')?.platform));
    if (theirs.length === 0) continue;
    const until = new Date(Math.min(...theirs.map(({ probeAt }) => probeAt.getTime())));
    waits.set(channel, { why: whyItWaits(theirs, nameOf), until });
  }
  return (channel) => waits.get(channel) ?? null;
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

/** `platform`: that of the paused app. undefined: relays are paused. */
function concerns(channel: (typeof channelKeys)[number], platform: string | undefined): boolean {
  if (platform === undefined) return relayChannels.includes(channel);
  const { address } = channels[channel];
  return address.kind === 'push' && address.platform === platform;
}

async function appsOf(db: Db, pauses: readonly Pause[]): Promise<Map<string, { name: string; platform: string }>> {
  const ids = pauses.flatMap(({ subject }) => appIdOf(subject) ?? []);
  if (ids.length === 0) return new Map();
  const rows = await db.query<{ id: string; name: string; platform: string }>(sql`
    select id, name, platform from apps where id = any(${ids}::text[])`);
  return new Map(rows.map(({ id, ...app }) => [id, app]));
}

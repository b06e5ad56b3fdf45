import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import type { GroupQueues } from '../accounts/group-queues.ts';
import type { PausedRelays } from '../pauses/paused-relays.ts';
import type { Pauses } from '../pauses/pauses.ts';
import { explainWait, type Pause } from '../pauses/pauses-store.ts';
import { relaysOf } from '../pauses/subject.ts';
import { agesFrom } from '../plan/ages.ts';
import { groupMessageOf, type LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { AppQueues } from '../push/app-queues.ts';

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** By dispatch and channel: until when nothing can be sent to the channel's provider, in milliseconds since 1970. */
export type BlockedChannels = ReadonlyMap<string, ReadonlyMap<ChannelKey, number>>;

/** What may block a channel. */
export interface Blockers {
  appQueues: AppQueues;
  groupQueues: GroupQueues;
  pausedRelays: PausedRelays;
}

/** Finds the blocked channels of these dispatches. Their sends are not even read. */
export async function findBlocked(
  { appQueues, groupQueues, pausedRelays }: Blockers,
  dispatches: Dispatches,
): Promise<BlockedChannels> {
  const blocked = new Map<string, Map<ChannelKey, number>>();
  for (const dispatch of dispatches.values()) {
    const { id, workspace, messages } = dispatch;
    for (const prepared of messages.values()) {
      const { key, message } = prepared;
      const of = { dispatchId: id, message, acceptedAt: agesFrom(dispatch) };
      const untilMs =
        pausedRelays.blocked(workspace, key) ??
        (await groupQueues.blocked(workspace, groupMessageOf(dispatch, prepared))) ??
        (await appQueues.blocked(workspace, key, of));
      if (untilMs !== null) blocked.set(id, (blocked.get(id) ?? new Map()).set(key, untilMs));
    }
  }
  return blocked;
}

/** Stores in each dispatch all paused apps, groups and relays that it waits for. */
export async function explainPauses(
  db: Db,
  { pauses, ...blockers }: Blockers & { pauses: Pick<Pauses, 'readAgain'> },
  dispatches: Dispatches,
): Promise<void> {
  const waiting = [...dispatches.values()].filter((dispatch) => pausesOf(blockers, dispatch).length > 0);
  if (waiting.length === 0) return;
  // Another process that works on the same dispatch may know of a pause that has not come here yet, and this would hide it.
  await pauses.readAgain();
  for (const dispatch of waiting) {
    const { apps, subscriptionGroups } = dispatch.workspace;
    const nameOf = (owner: string) => (apps.get(owner) ?? subscriptionGroups.get(owner))?.name;
    await explainWait(db, dispatch.id, pausesOf(blockers, dispatch), nameOf);
  }
}

function pausesOf({ appQueues, groupQueues, pausedRelays }: Blockers, dispatch: LoadedDispatch): Pause[] {
  const { workspace, messages } = dispatch;
  const pauses = [...messages].flatMap(([key, prepared]) => [
    ...appQueues.paused(workspace, key),
    ...groupQueues.paused(workspace, groupMessageOf(dispatch, prepared)),
    ...pausedRelays.paused(workspace, key),
  ]);
  return [...new Set(pauses)];
}

/** The channels whose relays have come back meanwhile are blocked until now only, so that their tasks run at once. */
export function stillBlocked(
  { pausedRelays }: Pick<Blockers, 'pausedRelays'>,
  blocked: BlockedChannels,
  dispatches: Dispatches,
  nowMs: number,
): BlockedChannels {
  const until = (id: string, key: ChannelKey, untilMs: number): number => {
    const workspace = dispatches.get(id)?.workspace;
    if (workspace === undefined || relaysOf(workspace, key).length === 0) return untilMs;
    return pausedRelays.blocked(workspace, key) === null ? nowMs : untilMs;
  };
  return new Map(
    [...blocked].map(([id, channels]) => [
      id,
      new Map([...channels].map(([key, untilMs]) => [key, until(id, key, untilMs)])),
    ]),
  );
}

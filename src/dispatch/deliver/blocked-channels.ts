import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { AppQueues } from '../push/app-queues.ts';
import { explainWait } from '../push/paused-apps-store.ts';

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** By dispatch and channel: until when nothing can be sent to the channel's provider, in milliseconds since 1970. */
export type BlockedChannels = ReadonlyMap<string, ReadonlyMap<ChannelKey, number>>;

/** Finds the blocked channels of these dispatches. Their sends are not even read. */
export async function findBlocked(appQueues: AppQueues, dispatches: Dispatches): Promise<BlockedChannels> {
  const blocked = new Map<string, Map<ChannelKey, number>>();
  for (const { id, workspace, messages, triedSince } of dispatches.values()) {
    for (const { key, message } of messages.values()) {
      const untilMs = await appQueues.blocked(workspace, key, { dispatchId: id, message, acceptedAt: triedSince });
      if (untilMs !== null) blocked.set(id, (blocked.get(id) ?? new Map()).set(key, untilMs));
    }
  }
  return blocked;
}

/** Stores in each dispatch which paused app it waits for. */
export async function explainPauses(db: Db, appQueues: AppQueues, dispatches: Dispatches): Promise<void> {
  for (const { id, workspace, messages } of dispatches.values())
    for (const key of messages.keys())
      for (const { appId, reason } of appQueues.paused(workspace, key)) await explainWait(db, id, appId, reason);
}

import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { listPauses } from '../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, relayChannels, type Subject, waitFor } from '../pauses/subject.ts';

/** What the pending sends of some channels of a dispatch wait for. */
export interface Wait {
  channels: ReadonlySet<string>;
  /** Why they wait: the dispatch's `failure`. */
  why: string;
  /** When the next probe is made. */
  until: Date;
}

/** null: the dispatch waits for no app, group or relay. */
export async function findWait(
  db: Db,
  { workspaceId, waitsFor, failure }: { workspaceId: number; waitsFor: string | null; failure: string | null },
): Promise<Wait | null> {
  if (waitsFor === null || failure === null) return null;
  const pauses = (await listPauses(db)).filter(
    (one) => one.workspaceId === workspaceId && waitFor(one.subject) === waitsFor,
  );
  const [first] = pauses;
  if (first === undefined) return null;
  const until = new Date(Math.min(...pauses.map(({ probeAt }) => probeAt.getTime())));
  return { channels: new Set(await channelsOf(db, first.subject)), why: failure, until };
}

async function channelsOf(db: Db, subject: Subject): Promise<readonly ChannelKey[]> {
  const groupId = groupIdOf(subject);
  if (groupId !== null) return channelsOfGroup(db, groupId);
  const appId = appIdOf(subject);
  return appId === null ? relayChannels : channelsOfApp(db, appId);
}

async function channelsOfGroup(db: Db, groupId: string): Promise<ChannelKey[]> {
  const group = await db.maybeOne<{ channel: string }>(
    sql`select channel from subscription_groups where id = ${groupId}`,
  );
  return channelKeys.filter((key) => key === group?.channel);
}

async function channelsOfApp(db: Db, appId: string): Promise<ChannelKey[]> {
  const app = await db.maybeOne<{ platform: string }>(sql`select platform from apps where id = ${appId}`);
  return channelKeys.filter((key) => {
    const { address } = channels[key];
    return address.kind === 'push' && address.platform === app?.platform;
  });
}

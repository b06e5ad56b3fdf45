import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { type BusyAccount, busyAccounts } from '../accounts/busy-accounts.ts';
import { pacedChannels } from '../ledger/pace/starts.ts';
import { type Pace, rateAt } from '../plan/pace.ts';
import type { Wait } from './waits/wait.ts';

/** What the messages of a dispatch wait for by the wish of whoever runs the server or sent the request, by channel. */
export interface OwnLimits {
  /** The dispatch's own pace. Messages that were begun do not wait for it. */
  pace: ReadonlyMap<string, Wait>;
  /** The quota of an account, for which messages that were begun wait, too. */
  quota: ReadonlyMap<string, Wait>;
}

export async function findOwnLimits(
  db: Db,
  dispatchId: string,
  { workspace, now }: { workspace: WorkspaceCatalog | undefined; now: Date },
): Promise<OwnLimits> {
  const busy = workspace === undefined ? [] : await busyAccounts(db, workspace, now);
  const groups = busy.some(({ channel }) => channel !== null) ? await groupsOf(db, dispatchId) : new Set<string>();
  const ours = busy.filter(({ id, channel }) => channel === null || groups.has(idKey(id)));
  return {
    pace: await paceWaits(db, dispatchId, now),
    quota: new Map(channelKeys.flatMap((channel) => quotaWait(channel, ours))),
  };
}

async function paceWaits(db: Db, dispatchId: string, now: Date): Promise<Map<string, Wait>> {
  const paced = await pacedChannels(db, dispatchId);
  const waiting = paced.filter(({ nextMs }) => nextMs > now.getTime());
  return new Map(
    waiting.map(({ channel, beganMs, nextMs, pace }) => [
      channel,
      { why: paceSentence(pace, now.getTime() - beganMs), until: new Date(Math.ceil(nextMs)) },
    ]),
  );
}

function paceSentence(pace: Pace, sinceMs: number): string {
  const rate = Math.max(1, Math.floor(rateAt(pace, sinceMs)));
  const now = rate < pace.per_minute ? ', at present' : '';
  return `its dispatch begins at most ${rate} ${rate === 1 ? 'message' : 'messages'} a minute on this channel${now} (cresset.pace)`;
}

function quotaWait(channel: ChannelKey, busy: readonly BusyAccount[]): [string, Wait][] {
  const { address } = channels[channel];
  const platform = address.kind === 'push' ? address.platform : null;
  const theirs = busy.filter((one) => one.channel === channel || (platform !== null && one.platform === platform));
  if (theirs.length === 0) return [];
  const until = new Date(Math.min(...theirs.map(({ freeAt }) => freeAt.getTime())));
  return [[channel, { why: `${theirs.map(({ said }) => said).join('; ')}; what waits goes out at this pace`, until }]];
}

/** The subscription groups that the messages of a dispatch name. */
async function groupsOf(db: Db, dispatchId: string): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(sql`
    select distinct g.id #>> '{}' as id
      from dispatches d
     cross join jsonb_path_query(d.request::jsonb, 'strict $.**.subscription_group_id') as g(id)
     where d.id = ${dispatchId}`);
  return new Set(rows.map(({ id }) => idKey(id)));
}

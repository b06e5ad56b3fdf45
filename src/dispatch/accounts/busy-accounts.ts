import type { ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { App, SubscriptionGroup, WorkspaceCatalog } from '../../workspace/catalog.ts';
import {
  intervalMsOf,
  isTooFar,
  nextFreeMs,
  type Quota,
  quotaOf,
  quotaOfGroup,
  type Reservation,
} from './call-quotas.ts';

/** An account whose next call must wait for the quota that `calls_per_minute` sets. */
export interface BusyAccount {
  /** Id of the app or the subscription group. */
  id: string;
  /** null: it is a group. */
  platform: App['platform'] | null;
  /** null: it is an app. */
  channel: ChannelKey | null;
  /** One sentence for operators. */
  said: string;
  /** When a call may be made that nobody has reserved yet. */
  freeAt: Date;
}

type Account = Pick<BusyAccount, 'id' | 'platform' | 'channel'> & { what: string; quota: Quota };

/** The accounts of a workspace that make as many calls as its file allows. Those without `calls_per_minute` are not looked at. */
export async function busyAccounts(
  db: Db,
  { apps, subscriptionGroups }: Pick<WorkspaceCatalog, 'apps' | 'subscriptionGroups'>,
  now: Date,
): Promise<BusyAccount[]> {
  const accounts = [...[...apps.values()].flatMap(ofApp), ...[...subscriptionGroups.values()].flatMap(ofGroup)];
  if (accounts.length === 0) return [];
  const rows = await db.query<Reservation & { key: string }>(sql`
    select key, begins_ms as "beginsMs", calls
      from call_quotas
     where key = any(${accounts.map(({ quota }) => quota.key)}::text[])`);
  const reserved = new Map(rows.map((row) => [row.key, row]));
  return accounts.flatMap(({ what, quota, ...account }) => {
    const row = reserved.get(quota.key);
    const freeMs = row === undefined ? 0 : nextFreeMs(row, intervalMsOf(quota));
    if (freeMs <= now.getTime() || isTooFar(freeMs, quota, now.getTime())) return [];
    const often = quota.perMinute === 1 ? 'once' : `${quota.perMinute} times`;
    const said = `${what} (${account.id}) is called ${often} a minute at most (calls_per_minute)`;
    return { ...account, said, freeAt: new Date(Math.ceil(freeMs)) };
  });
}

function ofApp(app: App): Account[] {
  const { id, name, platform, provider } = app;
  const quota = provider?.settings.calls_per_minute === undefined ? null : quotaOf(app);
  return quota === null ? [] : [{ id, platform, channel: null, what: `app "${name}"`, quota }];
}

function ofGroup(group: SubscriptionGroup): Account[] {
  const { id, name, channel, provider } = group;
  const quota = provider?.settings.calls_per_minute === undefined ? null : quotaOfGroup(group);
  return quota === null ? [] : [{ id, platform: null, channel, what: `subscription group "${name}"`, quota }];
}

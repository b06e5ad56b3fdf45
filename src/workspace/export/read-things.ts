import {
  type GroupProvider,
  groupProviderKinds,
  type Provider,
  type PushProvider,
  providerKinds,
  pushProviderKinds,
} from '../../channels/providers.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { openFeed } from '../sealed/sealed-feed.ts';
import { openProvider, type SealedProvider } from '../sealed/sealed-provider.ts';
import type { Secret } from '../secrets.ts';
import { places } from '../settings.ts';
import { secret as hidden } from './hidden.ts';

export interface From {
  tx: Db;
  workspaceId: number;
  secret: Secret;
}

type Row = Record<string, unknown> & { id: string; name: string };

/** The section `apps` of the workspace file, secrets as Hidden. */
export async function readApps({ tx, workspaceId, secret }: From): Promise<object[]> {
  const rows = await tx.query<Row & { platform: string; card_feed: Buffer | null } & SealedProvider>(sql`
    select id, name, platform, provider, secrets, card_feed from apps where workspace_id = ${workspaceId} order by name`);
  return rows.map(({ id, name, platform, card_feed, ...sealed }) => {
    const of = { place: places.app(id), kinds: pushProviderKinds, where: platform };
    const feed = openFeed(card_feed, secret, id);
    const keys = feed?.keys.map(({ algorithm, key }, at) => ({
      algorithm,
      key: algorithm === 'RS256' ? key : hidden(key, name, 'cards', 'key', String(at + 1)),
    }));
    return {
      ...{ id, name, platform },
      ...accountOf(openProvider(sealed, secret, of), name),
      ...(feed !== null && { content_cards: given({ ...feed, keys }) }),
    };
  });
}

/** The section `subscription_groups`. */
export async function readGroups({ tx, workspaceId, secret }: From): Promise<object[]> {
  const rows = await tx.query<Row & { channel: string } & SealedProvider>(sql`
    select id, name, channel, description, archived, countries, provider, secrets
      from subscription_groups
     where workspace_id = ${workspaceId}
     order by name`);
  return rows.map(({ provider, secrets, ...group }) => {
    const of = { place: places.subscriptionGroup(group.id), kinds: groupProviderKinds, where: group.channel };
    return given({ ...group, ...accountOf(openProvider({ provider, secrets }, secret, of), group.name) });
  });
}

/** The section `segments`. The filter of everybody is written as null. */
export async function readSegments({ tx, workspaceId }: From): Promise<object[]> {
  return tx.query<Row>(sql`
    select id, name, description, tags, analytics_tracking_enabled, archived, filter
      from segments
     where workspace_id = ${workspaceId} and removed_at is null
     order by name`);
}

/** The section `campaigns`, each with its variations. */
export async function readCampaigns({ tx, workspaceId }: From): Promise<object[]> {
  const variations = Map.groupBy(
    await tx.query<Row & { campaign_id: string }>(sql`
      select v.campaign_id, v.id, v.name, v.channel, v.weight, v.message
        from message_variations v
        join campaigns c on c.id = v.campaign_id
       where c.workspace_id = ${workspaceId}
       order by v.campaign_id, v.id`),
    ({ campaign_id }) => campaign_id,
  );
  const rows = await tx.query<Row>(sql`
    select id, name, description, kind, tags, archived, paused, segment_id,
           required_state as recipient_subscription_state, obeys_caps, counts_toward_caps, quiet_hours, obeys_quiet_hours,
           control_share,
           case when canvas_id is not null then json_build_object('id', canvas_id, 'name', canvas_name) end as canvas,
           messages
      from campaigns
     where workspace_id = ${workspaceId}
     order by name, id`);
  return rows.map((row) => {
    const own = variations.get(row.id)?.map(({ campaign_id: _, ...one }) => given(one));
    return given({ ...row, ...(own && { variations: own }) });
  });
}

/** The API keys that a workspace file made. Others belong to no file. */
export async function readKeys({ tx, workspaceId }: From, createdBy: string): Promise<StoredKey[]> {
  return tx.query<StoredKey>(sql`
    select name, permissions, allow_from
      from api_keys
     where workspace_id = ${workspaceId} and created_by = ${createdBy}
     order by name`);
}

interface StoredKey extends Record<string, unknown> {
  name: string;
  permissions: string[];
  allow_from: string[];
}

/** The account under the name of its kind, as in the file. */
function accountOf(provider: PushProvider | GroupProvider | null, owner: string): object {
  if (provider === null) return {};
  const { kind, settings }: Provider = provider;
  const secrets: readonly string[] = providerKinds[kind].secrets;
  const members = Object.entries(settings).map(([name, value]) => [
    name,
    secrets.includes(name) && typeof value === 'string' ? hidden(value, owner, kind, name) : value,
  ]);
  return { [kind]: given(Object.fromEntries(members)) };
}

/** The members that are not null. */
export function given(members: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));
}

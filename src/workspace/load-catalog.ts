import type { ConnectedContentSettings } from '../channels/connected-content.ts';
import { groupProviderKinds, pushProviderKinds } from '../channels/providers.ts';
import type { Database, Db } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import {
  type ApiKey,
  type App,
  type Campaign,
  type CampaignTrigger,
  type Catalog,
  type EventWebhook,
  type FrequencyCap,
  idKey,
  type Segment,
  type SubscriptionGroup,
  type Variation,
  type WorkspaceCatalog,
} from './catalog.ts';
import { openWebhookSecrets } from './event-webhooks.ts';
import { type Permission, permissions } from './permissions.ts';
import { type Quotas, quotasFrom, type StoredQuotas } from './quotas.ts';
import type { QuietHours } from './rules/quiet-hours.ts';
import { openContent } from './sealed/sealed-content.ts';
import { openEmail } from './sealed/sealed-email.ts';
import { openFeed } from './sealed/sealed-feed.ts';
import { openProvider, type SealedProvider } from './sealed/sealed-provider.ts';
import { checkSharedSecret } from './sealed/shared-secret.ts';
import type { Secret } from './secrets.ts';
import { places, type StoredSettings, settingsFrom } from './settings.ts';

/**
 * Loads everything that operators have defined, as of one instant.
 * Throws SecretError when `secret` is not that of the servers or does not open the stored credentials, and StoredSettingsError when stored settings
 * cannot be used.
 */
export async function loadCatalog(db: Database, secret: Secret): Promise<Catalog> {
  return db.transaction(async (tx) => {
    await tx.run(sql`set transaction isolation level repeatable read, read only`);
    await checkSharedSecret(tx, secret);
    const workspaces = await loadWorkspaces(tx, secret);
    const keys = await loadKeys(tx);
    const ofApp = new Map(
      [...workspaces.values()].flatMap((one) => [...one.apps.keys()].map((id) => [id, one] as const)),
    );
    const ofGroup = new Map(
      [...workspaces.values()].flatMap((one) => [...one.subscriptionGroups.keys()].map((id) => [id, one] as const)),
    );
    const takesKeysInBodies = [...workspaces.values()].some(({ settings }) => settings.requests.keyInBody);
    const returnPaths = new Set(
      [...workspaces.values()].map(({ settings }) => settings.email.returnPath).filter((one) => one !== null),
    );
    return {
      workspace: (id) => workspaces.get(id),
      workspaceOfApp: (appId) => ofApp.get(idKey(appId)),
      workspaceOfGroup: (groupId) => ofGroup.get(idKey(groupId)),
      apiKey: (hash) => keys.get(typeof hash === 'string' ? hash : hash.toString('hex')),
      takesKeysInBodies: () => takesKeysInBodies,
      returnPaths: () => returnPaths,
    };
  });
}

interface WorkspaceRow {
  id: number;
  name: string;
  time_zone: string;
  settings: StoredSettings;
  secrets: Buffer | null;
  connected_content: Buffer | null;
  quotas: StoredQuotas;
}

async function loadWorkspaces(tx: Db, secret: Secret): Promise<Map<number, WorkspaceCatalog>> {
  const apps = await loadApps(tx, secret);
  const groups = await loadGroups(tx, secret);
  const segments = await loadByWorkspace<Segment>(
    tx,
    sql`select workspace_id, id, name, filter, archived from segments where removed_at is null`,
  );
  const removed = await loadByWorkspace<Segment>(
    tx,
    sql`select workspace_id, id, name, filter, archived from segments where removed_at is not null`,
  );
  const campaigns = await loadCampaigns(tx);
  const caps = await loadCaps(tx);
  const webhooks = await loadEventWebhooks(tx, secret);
  const centers = await loadByWorkspace<{ name: string; id: string }>(
    tx,
    sql`select workspace_id, name, id from preference_centers where state = 'active'`,
  );
  const blocked = await loadByWorkspace<{ name: string }>(tx, sql`select workspace_id, name from blocked_attributes`);
  const rows = await tx.query<WorkspaceRow>(
    sql`select id, name, time_zone, settings, secrets, connected_content, quotas from workspaces`,
  );
  return new Map(
    rows.map((row) => [
      row.id,
      {
        id: row.id,
        name: row.name,
        timeZone: row.time_zone,
        settings: settingsFrom(row.settings, openEmail(row.secrets, secret, row.id), places.workspace(row.id)),
        apps: byId(apps.get(row.id)),
        subscriptionGroups: byId(groups.get(row.id)),
        segments: byId(segments.get(row.id)),
        ...(removed.has(row.id) && { removedSegments: byId(removed.get(row.id)) }),
        campaigns: byId(campaigns.get(row.id)),
        canvases: byCanvas(campaigns.get(row.id)),
        frequencyCaps: caps.get(row.id) ?? [],
        ...(centers.has(row.id) && {
          preferenceCenters: new Map(centers.get(row.id)?.map(({ name, id }) => [name, id])),
        }),
        ...(blocked.has(row.id) && { blockedAttributes: new Set(blocked.get(row.id)?.map(({ name }) => name)) }),
        ...withQuotas(quotasFrom(row.quotas)),
        ...withContent(openContent(row.connected_content, secret, row.id)),
        ...(webhooks.has(row.id) && { eventWebhooks: webhooks.get(row.id) ?? [] }),
      },
    ]),
  );
}

function withQuotas(quotas: Quotas | undefined): Pick<WorkspaceCatalog, 'quotas'> {
  return quotas === undefined ? {} : { quotas };
}

function withContent(settings: ConnectedContentSettings | null): Pick<WorkspaceCatalog, 'connectedContent'> {
  return settings === null ? {} : { connectedContent: settings };
}

async function loadApps(tx: Db, secret: Secret): Promise<Map<number, App[]>> {
  const stored = await loadByWorkspace<App & SealedProvider & { card_feed: Buffer | null }>(
    tx,
    sql`select workspace_id, id, name, platform, provider, secrets, card_feed from apps`,
  );
  return mapValues(stored, ({ provider, secrets, card_feed, ...app }) => {
    const of = { place: places.app(app.id), kinds: pushProviderKinds, where: app.platform };
    const opened = openProvider({ provider, secrets }, secret, of);
    const cardFeed = openFeed(card_feed, secret, app.id);
    return { ...app, ...(opened && { provider: opened }), ...(cardFeed && { cardFeed }) };
  });
}

async function loadGroups(tx: Db, secret: Secret): Promise<Map<number, SubscriptionGroup[]>> {
  const stored = await loadByWorkspace<SubscriptionGroup & SealedProvider>(
    tx,
    sql`select workspace_id, id, name, channel, archived, countries, provider, secrets from subscription_groups`,
  );
  return mapValues(stored, ({ provider, secrets, ...group }) => {
    const of = { place: places.subscriptionGroup(group.id), kinds: groupProviderKinds, where: group.channel };
    const opened = openProvider({ provider, secrets }, secret, of);
    return { ...group, ...(opened && { provider: opened }) };
  });
}

type CampaignRow = Omit<Campaign, 'variations' | 'trigger' | 'quietHours' | 'ignoresQuietHours'> & {
  trigger: CampaignTrigger;
  quiet_hours: QuietHours[] | null;
  obeys_quiet_hours: boolean;
};

async function loadCampaigns(tx: Db): Promise<Map<number, Campaign[]>> {
  const variations = Map.groupBy(
    await tx.query<Variation & { campaign_id: string }>(sql`
      select campaign_id, id, name, channel,
             case when weight is not null then json_build_object('weight', weight, 'message', message) end as share
        from message_variations
       order by campaign_id, id`),
    ({ campaign_id }) => campaign_id,
  );
  const stored = await loadByWorkspace<CampaignRow>(
    tx,
    sql`
    select workspace_id, id, name, kind, archived, tags,
           obeys_caps as "obeysCaps", counts_toward_caps as "countsTowardCaps", quiet_hours, obeys_quiet_hours,
           json_build_object(
             'paused', paused, 'segmentId', segment_id, 'messages', messages, 'controlShare', control_share,
             'requiredState', coalesce(required_state, case kind when 'transactional' then 'all' else 'subscribed' end),
             'canvas', case when canvas_id is not null then json_build_object('id', canvas_id, 'name', canvas_name) end
           ) as trigger
      from campaigns`,
  );
  return mapValues(stored, ({ trigger, quiet_hours: quietHours, obeys_quiet_hours: obeysQuietHours, ...campaign }) => ({
    ...campaign,
    ...(quietHours !== null && { quietHours }),
    ...(!obeysQuietHours && { ignoresQuietHours: true as const }),
    ...(campaign.kind !== 'api' && { trigger }),
    variations: byId(
      variations
        .get(campaign.id)
        ?.map(({ id, name, channel, share }) => ({ id, name, channel, ...(share && { share }) })),
    ),
  }));
}

function loadCaps(tx: Db): Promise<Map<number, FrequencyCap[]>> {
  return loadByWorkspace<FrequencyCap>(
    tx,
    sql`
    select workspace_id, channel, max_sends as "maxSends", period_count as "periodCount",
           period_unit as "periodUnit", tag
      from frequency_caps
     order by workspace_id, ordinal`,
  );
}

async function loadEventWebhooks(tx: Db, secret: Secret): Promise<Map<number, EventWebhook[]>> {
  const stored = await loadByWorkspace<Omit<EventWebhook, 'secrets'> & { of: number; secrets: Buffer }>(
    tx,
    sql`select workspace_id, workspace_id as of, name, url, kinds, channels, secrets from event_webhooks order by name`,
  );
  return mapValues(stored, ({ of, secrets, ...webhook }) => ({
    ...webhook,
    secrets: openWebhookSecrets(secrets, secret, of, webhook.name),
  }));
}

async function loadKeys(tx: Db): Promise<Map<string, ApiKey>> {
  const rows = await tx.query<Omit<ApiKey, 'permissions'> & { permissions: string[] }>(sql`
    select id, workspace_id as "workspaceId", name, hash, permissions, allow_from as "allowFrom" from api_keys`);
  return new Map(
    rows.map((row) => [
      row.hash.toString('hex'),
      // During an upgrade, an older server may read a permission of a newer version, which it ignores.
      { ...row, permissions: new Set(row.permissions.filter(isPermission)) },
    ]),
  );
}

function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissions, name);
}

async function loadByWorkspace<T>(tx: Db, statement: Sql): Promise<Map<number, T[]>> {
  const found = new Map<number, T[]>();
  for (const { workspace_id, ...row } of await tx.query<{ workspace_id: number }>(statement)) {
    const group = found.get(workspace_id) ?? [];
    group.push(row as T);
    found.set(workspace_id, group);
  }
  return found;
}

function byId<T extends { id: string }>(rows: readonly T[] = []): Map<string, T> {
  return new Map(rows.map((row) => [idKey(row.id), row]));
}

function byCanvas(campaigns: readonly Campaign[] = []): Map<string, Campaign> {
  return new Map(
    campaigns.flatMap((campaign) => {
      const canvas = campaign.trigger?.canvas ?? null;
      return canvas === null ? [] : [[idKey(canvas.id), campaign] as const];
    }),
  );
}

function mapValues<From, To>(groups: Map<number, From[]>, change: (row: From) => To): Map<number, To[]> {
  return new Map([...groups].map(([workspaceId, rows]) => [workspaceId, rows.map(change)]));
}

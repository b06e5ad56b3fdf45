import { groupProviderKinds, type Provider, pushProviderKinds } from '../../channels/providers.ts';
import { type Sql, sql } from '../../db/sql.ts';
import { openFeed, sealFeed } from '../sealed/sealed-feed.ts';
import { comparableProvider, type SealedProvider, sealProvider, unlessUnreadable } from '../sealed/sealed-provider.ts';
import { places } from '../settings.ts';
import { EVERYBODY } from '../workspaces.ts';
import type { Step } from './apply-step.ts';
import { type Change, compare, isWrite, type Thing } from './plan.ts';

/** A stored thing of any workspace. Ids are unique across workspaces. */
export type Row<Parts> = Parts & { id: string; workspace_id: number; name: string };

interface Wanted extends Thing {
  /** The statement that inserts or updates the thing. */
  write: Sql;
}

/** Parts that cannot change once the thing exists, because the rows that refer to it would lose their meaning. */
type Fixed = readonly string[];

export async function applyThings(
  { tx, workspaceId, problems }: Step,
  section: { what: string; path: string; wanted: Wanted[]; stored: (Thing & { workspace_id: number })[]; fixed: Fixed },
): Promise<Change[]> {
  const { what, path, wanted, fixed } = section;
  const stored = section.stored.filter((row) => row.workspace_id === workspaceId);
  const before = problems.length;
  const workspaceOf = new Map(section.stored.map((row) => [row.id, row.workspace_id]));
  const named = new Set(wanted.map(({ id }) => id));
  const leftAlone = new Map(stored.filter(({ id }) => !named.has(id)).map((row) => [row.name, row]));
  for (const [index, { id, name }] of wanted.entries()) {
    if ((workspaceOf.get(id) ?? workspaceId) !== workspaceId)
      problems.push(`${path}[${index}].id: is in use by another workspace`);
    const namesake = leftAlone.get(name);
    if (namesake && what !== 'campaign') {
      problems.push(`${path}[${index}].name: is the name of ${namesake.id}, which is not in the file`);
    }
  }
  const changes = compare(what, wanted, stored);
  for (const [index, { changed }] of changes.entries()) {
    for (const part of changed.filter((name) => fixed.includes(name))) {
      problems.push(`${path}[${index}].${part}: cannot change; define a new ${what} with another id`);
    }
  }
  if (problems.length > before) return [];
  for (const [index, { write }] of wanted.entries()) {
    const change = changes[index];
    if (change && isWrite(change)) await tx.run(write);
  }
  return changes;
}

export async function applyApps(step: Step): Promise<Change[]> {
  const { tx, workspaceId, file, secret, reseal } = step;
  const rows = await tx.query<Row<{ platform: string; card_feed: Buffer | null } & SealedProvider>>(sql`
    select id, workspace_id, name, platform, provider, secrets, card_feed from apps order by name`);
  const stored = rows
    .filter((row) => row.workspace_id === workspaceId)
    .map(({ id, workspace_id, name, platform, card_feed, ...sealed }) => {
      const of = { place: places.app(id), kinds: pushProviderKinds, where: platform };
      const provider = comparableProvider(sealed, secret, of, reseal);
      const content_cards = unlessUnreadable(() => openFeed(card_feed, secret, id), reseal);
      return { id, workspace_id, name, parts: { name, platform, provider, content_cards } };
    });
  const wanted = file.apps.map(({ id, name, platform, content_cards, apns, fcm, adm, vapid }) => {
    const provider: Provider | null = apns ?? fcm ?? adm ?? vapid;
    const sealed = sealProvider(provider, secret, places.app(id));
    const feed = sealFeed(content_cards, secret, id);
    const write = sql`
      insert into apps (id, workspace_id, name, platform, provider, secrets, card_feed)
      values (${id}, ${workspaceId}, ${name}, ${platform}, ${sealed.provider}, ${sealed.secrets}, ${feed})
          on conflict (id) do update
         set name = excluded.name, provider = excluded.provider, secrets = excluded.secrets,
             card_feed = excluded.card_feed`;
    return { id, name, parts: { name, platform, provider, content_cards }, write };
  });
  return applyThings(step, {
    what: 'app',
    path: 'apps',
    wanted,
    stored: [...stored, ...foreign(rows, workspaceId)],
    fixed: ['platform'],
  });
}

export async function applyGroups(step: Step): Promise<Change[]> {
  const { tx, workspaceId, file, secret, reseal } = step;
  type Parts = {
    channel: string;
    description: string;
    archived: boolean;
    countries: string[] | null;
  } & SealedProvider;
  const rows = await tx.query<Row<Parts>>(sql`
    select id, workspace_id, name, channel, description, archived, countries, provider, secrets
      from subscription_groups
     order by name`);
  const stored = rows
    .filter((row) => row.workspace_id === workspaceId)
    .map(({ id, workspace_id, provider, secrets, ...parts }) => {
      const of = { place: places.subscriptionGroup(id), kinds: groupProviderKinds, where: parts.channel };
      const opened = comparableProvider({ provider, secrets }, secret, of, reseal);
      return { id, workspace_id, name: parts.name, parts: { ...parts, provider: opened } };
    });
  const wanted = file.subscription_groups.map(({ id, twilio, whatsapp_cloud, ...parts }) => {
    const provider: Provider | null = twilio ?? whatsapp_cloud;
    const sealed = sealProvider(provider, secret, places.subscriptionGroup(id));
    const write = sql`
      insert into subscription_groups (id, workspace_id, name, channel, description, archived, countries, provider, secrets)
      values (${id}, ${workspaceId}, ${parts.name}, ${parts.channel}, ${parts.description}, ${parts.archived},
              ${parts.countries}, ${sealed.provider}, ${sealed.secrets})
          on conflict (id) do update
         set name = excluded.name, description = excluded.description, archived = excluded.archived,
             countries = excluded.countries, provider = excluded.provider, secrets = excluded.secrets`;
    return { id, name: parts.name, parts: { ...parts, provider }, write };
  });
  return applyThings(step, {
    what: 'subscription_group',
    path: 'subscription_groups',
    wanted,
    stored: [...stored, ...foreign(rows, workspaceId)],
    fixed: ['channel'],
  });
}

export async function applySegments(step: Step): Promise<Change[]> {
  const { tx, workspaceId, file } = step;
  const rows = await tx.query<Row<Record<string, unknown>>>(sql`
    select id, workspace_id, name, description, tags, analytics_tracking_enabled, archived, filter
      from segments
     where removed_at is null or workspace_id <> ${workspaceId}
     order by name`);
  const stored = rows.map(({ id, workspace_id, ...parts }) => ({ id, workspace_id, name: parts.name, parts }));
  const wanted = file.segments.map(({ id, ...given }) => {
    const filter = given.filter === null ? null : JSON.stringify(given.filter);
    // The filter as it will be read back: -0, for example, is stored as 0.
    const parts = { ...given, filter: filter === null ? null : (JSON.parse(filter) as unknown) };
    const write = sql`
      insert into segments (id, workspace_id, name, description, tags, analytics_tracking_enabled, archived, filter)
      values (${id}, ${workspaceId}, ${parts.name}, ${parts.description}, ${parts.tags},
              ${parts.analytics_tracking_enabled}, ${parts.archived}, ${filter}::jsonb)
          on conflict (id) do update
         set name = excluded.name, description = excluded.description, tags = excluded.tags,
             analytics_tracking_enabled = excluded.analytics_tracking_enabled, archived = excluded.archived,
             filter = excluded.filter, updated_at = now(), removed_at = null`;
    return { id, name: parts.name, parts, write };
  });
  const changes = await applyThings(step, { what: 'segment', path: 'segments', wanted, stored, fixed: [] });
  // No file needs to name the segment that came with the workspace.
  const builtIn = rows.find((row) => row.workspace_id === workspaceId && row.name === EVERYBODY && row.filter === null);
  return changes.filter(({ kind, id }) => kind !== 'not in the file' || id !== builtIn?.id);
}

/** The things of other workspaces. Only their ids matter. */
function foreign(rows: readonly Row<object>[], workspaceId: number): (Thing & { workspace_id: number })[] {
  return rows
    .filter((row) => row.workspace_id !== workspaceId)
    .map(({ id, workspace_id, name }) => ({ id, workspace_id, name, parts: {} }));
}

import type { ShownAccount } from '../../channels/provider.ts';
import { sql } from '../../db/sql.ts';
import {
  idKey,
  type SubscriptionGroup,
  type Variation,
  type VariationShare,
  type WorkspaceSettings,
} from '../catalog.ts';
import { openEmail } from '../sealed/sealed-email.ts';
import { unlessUnreadable } from '../sealed/sealed-provider.ts';
import { type StoredSettings, settingsFrom } from '../settings.ts';
import type { Step } from './apply-step.ts';

/** A campaign's unparsed messages by channel, and its variations, which may have messages, too. */
export interface CampaignContent {
  messages: Readonly<Record<string, unknown>>;
  variations: ReadonlyMap<string, Pick<Variation, 'id' | 'channel' | 'share'> & { path?: string }>;
}

/** `provider`: its account without secrets. null: it has none. */
interface CheckedGroup extends Pick<SubscriptionGroup, 'archived' | 'channel'> {
  provider: ShownAccount | null;
}

/** What messages of a campaign may refer to. */
interface Surroundings {
  settings: WorkspaceSettings;
  apps: ReadonlyMap<string, unknown>;
  subscriptionGroups: ReadonlyMap<string, CheckedGroup>;
}

/**
 * Lists what is wrong with a campaign's messages, and calls `warn` for what is probably not meant. Each text begins with
 * its path, which begins with `path`.
 */
export type CheckContent = (
  content: CampaignContent,
  workspace: Surroundings,
  path: string,
  warn: (text: string) => void,
) => readonly string[];

/** Most bytes of one campaign's messages as JSON. */
const MOST_BYTES = 512 * 1024;
/** The same for all campaigns of a workspace, because every server keeps them in memory. */
const MOST_BYTES_TOGETHER = 32 * 1_048_576;

interface CampaignRow extends Record<string, unknown> {
  id: string;
  messages: Readonly<Record<string, unknown>> | null;
  bytes: number | null;
  segment_id: string | null;
  segment_is_usable: boolean;
}

/**
 * Checks, after the changes, that all campaigns that are not archived have usable messages and segments, also those not in
 * the file, because a change elsewhere may have broken them.
 */
export async function checkCampaigns(step: Step, checkContent: CheckContent): Promise<void> {
  if (step.problems.length > 0) return;
  const { tx, workspaceId, problems } = step;
  await checkSizes(step);
  if (problems.length > 0) return;
  const workspace = await loadSurroundings(step);
  const variations = await loadVariations(step);
  const campaigns = await tx.query<CampaignRow>(sql`
    select c.id, c.messages, c.segment_id, s.id is not null and not s.archived as segment_is_usable
      from campaigns c
      left join segments s on s.id = c.segment_id and s.workspace_id = c.workspace_id
     where c.workspace_id = ${workspaceId} and not c.archived and c.kind <> 'api'
     order by c.name`);
  const paths = pathsOf(step);
  for (const { id, messages, segment_id, segment_is_usable } of campaigns) {
    const path = paths(id);
    if (segment_id !== null && !segment_is_usable)
      problems.push(`${path}.segment_id: names no segment, or an archived one`);
    const content = { messages: messages ?? {}, variations: variations.get(id) ?? new Map() };
    const warn = (text: string) => isInFile(step, id) && step.warnings.push(text);
    const hasVariations = [...content.variations.values()].some(({ share }) => share !== undefined);
    if (messages !== null || hasVariations) problems.push(...checkContent(content, workspace, path, warn));
  }
  await checkCanvases(step, paths);
}

function pathsOf({ file }: Step): (id: string) => string {
  const places = new Map(file.campaigns.map(({ id }, index) => [id, `campaigns[${index}]`]));
  return (id) => places.get(id) ?? `campaign ${id} (not in the file)`;
}

/** Only the slips of what was applied are told. */
function isInFile({ file }: Step, campaignId: string): boolean {
  return file.campaigns.some(({ id }) => id === campaignId);
}

async function checkSizes(step: Step): Promise<void> {
  const { tx, workspaceId, problems } = step;
  const rows = await tx.query<{ id: string; bytes: number }>(sql`
    select id, (coalesce(octet_length(messages::text), 0)
                + (select coalesce(sum(octet_length(v.message::text)), 0)
                     from message_variations v
                    where v.campaign_id = c.id))::integer as bytes
      from campaigns c
     where workspace_id = ${workspaceId}`);
  const paths = pathsOf(step);
  for (const { id, bytes } of rows)
    if (bytes > MOST_BYTES)
      problems.push(`${paths(id)}.messages: expected at most ${MOST_BYTES} bytes as JSON, got ${bytes}`);
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MOST_BYTES_TOGETHER) {
    problems.push(
      `campaigns: expected messages of at most ${MOST_BYTES_TOGETHER} bytes as JSON in all campaigns together, got ${total}`,
    );
  }
}

/** Each id that a trigger may name stands for one campaign. */
async function checkCanvases({ tx, workspaceId, problems }: Step, paths: (id: string) => string): Promise<void> {
  const rows = await tx.query<{ id: string; canvas_id: string }>(sql`
    select c.id, c.canvas_id
      from campaigns c
     where c.workspace_id = ${workspaceId} and c.canvas_id is not null
       and exists (select from campaigns o
                    where o.workspace_id = c.workspace_id and o.id <> c.id
                      and (o.canvas_id = c.canvas_id or o.id = c.canvas_id))`);
  for (const { id } of rows) problems.push(`${paths(id)}.canvas.id: is the id of another campaign or its Canvas`);
}

async function loadSurroundings({ tx, workspaceId, secret, reseal }: Step): Promise<Surroundings> {
  const { settings, secrets } = await tx.one<{ settings: StoredSettings; secrets: Buffer | null }>(sql`
    select settings, secrets from workspaces where id = ${workspaceId}`);
  const opened = unlessUnreadable(() => openEmail(secrets, secret, workspaceId), reseal);
  const apps = await tx.query<{ id: string }>(sql`select id from apps where workspace_id = ${workspaceId}`);
  const groups = await tx.query<CheckedGroup & { id: string } & Record<string, unknown>>(sql`
    select id, archived, channel, provider from subscription_groups where workspace_id = ${workspaceId}`);
  return {
    settings: settingsFrom(settings, typeof opened === 'object' ? opened : {}),
    apps: new Map(apps.map((app) => [idKey(app.id), app])),
    subscriptionGroups: new Map(groups.map((group) => [idKey(group.id), group])),
  };
}

type Variations = CampaignContent['variations'];

interface VariationRow extends Pick<Variation, 'id' | 'channel'>, Record<string, unknown> {
  campaign_id: string;
  share: VariationShare | null;
}

async function loadVariations({ tx, workspaceId, file }: Step): Promise<Map<string, Variations>> {
  const places = new Map(
    file.campaigns.flatMap(({ id, variations }, at) =>
      variations.map((one, index) => [`${id}/${one.id}`, `campaigns[${at}].variations[${index}]`] as const),
    ),
  );
  const rows = await tx.query<VariationRow>(sql`
    select v.campaign_id, v.id, v.channel,
           case when v.weight is not null then json_build_object('weight', v.weight, 'message', v.message) end as share
      from message_variations v
      join campaigns c on c.id = v.campaign_id
     where c.workspace_id = ${workspaceId}`);
  const found = Map.groupBy(rows, ({ campaign_id }) => campaign_id);
  const variationOf = ({ campaign_id, id, channel, share }: VariationRow) => {
    const path = places.get(`${campaign_id}/${id}`);
    return { id, channel, ...(share && { share }), ...(path !== undefined && { path }) };
  };
  return new Map([...found].map(([id, group]) => [id, new Map(group.map((row) => [idKey(row.id), variationOf(row)]))]));
}

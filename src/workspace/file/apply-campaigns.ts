import { sql } from '../../db/sql.ts';
import type { Step } from './apply-step.ts';
import { applyThings, type Row } from './apply-things.ts';
import { type Change, compare, isWrite, type Thing } from './plan.ts';

export async function applyCampaigns(step: Step): Promise<Change[]> {
  const { tx, workspaceId, file } = step;
  const rows = await tx.query<Row<Record<string, unknown>>>(sql`
    select id, workspace_id, name, description, kind, tags, archived, obeys_caps, counts_toward_caps, paused, segment_id,
           required_state as recipient_subscription_state, messages, control_share, quiet_hours, obeys_quiet_hours,
           case when canvas_id is not null then json_build_object('id', canvas_id, 'name', canvas_name) end as canvas
      from campaigns
     order by name`);
  const stored = rows.map(({ id, workspace_id, ...parts }) => ({ id, workspace_id, name: parts.name, parts }));
  const wanted = file.campaigns.map(({ id, variations: _, ...given }) => {
    const messages = jsonOf(given.messages);
    const parts = {
      ...given,
      obeys_caps: given.obeys_caps ?? given.kind !== 'transactional',
      obeys_quiet_hours: given.obeys_quiet_hours ?? given.kind !== 'transactional',
      messages: asStored(messages),
    };
    const write = sql`
      insert into campaigns (id, workspace_id, name, description, kind, tags, archived, obeys_caps, counts_toward_caps,
                             paused, segment_id, required_state, messages, control_share, canvas_id, canvas_name,
                             quiet_hours, obeys_quiet_hours)
      values (${id}, ${workspaceId}, ${parts.name}, ${parts.description}, ${parts.kind}, ${parts.tags},
              ${parts.archived}, ${parts.obeys_caps}, ${parts.counts_toward_caps}, ${parts.paused}, ${parts.segment_id},
              ${parts.recipient_subscription_state}, ${messages}::json, ${parts.control_share},
              ${parts.canvas?.id ?? null}, ${parts.canvas?.name ?? null}, ${jsonOf(parts.quiet_hours)}::json,
              ${parts.obeys_quiet_hours})
          on conflict (id) do update
         set name = excluded.name, description = excluded.description, kind = excluded.kind, tags = excluded.tags,
             archived = excluded.archived, obeys_caps = excluded.obeys_caps,
             counts_toward_caps = excluded.counts_toward_caps, paused = excluded.paused,
             segment_id = excluded.segment_id, required_state = excluded.required_state, messages = excluded.messages,
             control_share = excluded.control_share, canvas_id = excluded.canvas_id,
             canvas_name = excluded.canvas_name, quiet_hours = excluded.quiet_hours,
             obeys_quiet_hours = excluded.obeys_quiet_hours, updated_at = now()`;
    return { id, name: parts.name, parts, write };
  });
  const changes = await applyThings(step, { what: 'campaign', path: 'campaigns', wanted, stored, fixed: [] });
  return step.problems.length > 0 ? changes : [...changes, ...(await applyVariations(step))];
}

interface VariationRow {
  campaign_id: string;
  id: string;
  name: string;
  channel: string;
  weight: number | null;
  message: unknown;
}

async function applyVariations({ tx, file }: Step): Promise<Change[]> {
  const campaignIds = file.campaigns.map(({ id }) => id);
  const rows = await tx.query<VariationRow & Record<string, unknown>>(sql`
    select campaign_id, id, name, channel, weight, message
      from message_variations
     where campaign_id = any(${campaignIds}::text[])
     order by campaign_id, id`);
  const changes: Change[] = [];
  const storedOf = Map.groupBy(rows, (row) => row.campaign_id);
  for (const campaign of file.campaigns) {
    const stored = storedOf.get(campaign.id) ?? [];
    const given = campaign.variations.map((one) => ({ ...one, name: one.name ?? one.id }));
    // One that the file no longer has keeps its name for statistics, and gets nobody any more.
    const gone = stored.filter(({ id, weight }) => weight !== null && !given.some((one) => one.id === id));
    const wanted = [
      ...given,
      ...gone.map(({ id, name, channel }) => ({ id, name, channel, weight: null, message: null })),
    ];
    const found = compare('message_variation', wanted.map(variationThing), stored.map(variationThing));
    for (const [index, { id, name, channel, weight, message }] of wanted.entries()) {
      const change = found[index];
      if (change === undefined || !isWrite(change)) continue;
      await tx.run(sql`
        insert into message_variations (campaign_id, id, name, channel, weight, message)
        values (${campaign.id}, ${id}, ${name}, ${channel}, ${weight}, ${jsonOf(message)}::json)
            on conflict (campaign_id, id) do update
           set name = excluded.name, channel = excluded.channel, weight = excluded.weight, message = excluded.message`);
    }
    if (found.some(isWrite)) await tx.run(sql`update campaigns set updated_at = now() where id = ${campaign.id}`);
    changes.push(...found);
  }
  return changes;
}

function variationThing({ id, name, channel, weight, message }: Omit<VariationRow, 'campaign_id'>): Thing {
  return { id, name, parts: { name, channel, weight, message: asStored(jsonOf(message)) } };
}

function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** A value as it will be read back: -0, for example, is stored as 0. */
function asStored(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

import type { VariationDay } from '../../../dispatch/report/campaign-series.ts';
import type { Campaign } from '../../../workspace/catalog.ts';
import type { CampaignDetails } from '../../../workspace/listed-campaigns.ts';
import { type CampaignEntry, campaignSeries } from '../campaigns/series-answer.ts';
import { dayOf, type Series } from '../series-query.ts';

/** What of a Canvas is shown beside its totals. */
export interface Shown {
  variants: boolean;
  steps: boolean;
}

/** A campaign in the words of a Canvas. Its members are in the order of the original's. Source: more-endpoints.md §3.2. */
export function describedCanvas(
  campaign: CampaignDetails,
  { name, channels }: { name: string; channels: readonly string[] },
  entered: { first: Date | null; last: Date | null },
): object {
  const { id, created_at, updated_at, description, archived, tags, variations } = campaign;
  const step = {
    ...{ name: campaign.name, type: 'message', id, next_step_ids: [], next_paths: [], channels },
    messages: Object.fromEntries(variations.map(({ id: variationId, channel }) => [variationId, { channel }])),
  };
  return {
    ...{ created_at, updated_at, name, description, archived, draft: false, enabled: !archived },
    ...{ has_post_launch_draft: false, schedule_type: 'api_trigger' },
    ...{ first_entry: entered.first, last_entry: entered.last, channels },
    variants: [{ name: campaign.name, id, first_step_ids: [id], first_step_id: id }],
    ...{ tags, teams: [], steps: [step] },
  };
}

/** The numbers of each day. */
export function canvasSeries(
  campaign: Campaign,
  series: Series,
  rows: readonly VariationDay[],
  shows: Shown,
): { stats: object[] } {
  const days = campaignSeries(campaign, series, rows);
  return { stats: days.map((day) => ({ time: day.time, ...statsOf(campaign, day, shows) })) };
}

/** The numbers of all days together. */
export function canvasSummary(
  campaign: Campaign,
  { unit, starts }: Series,
  rows: readonly VariationDay[],
  shows: Shown,
): object {
  const start = starts.at(-1) ?? new Date(0);
  const sums = new Map<string, VariationDay>();
  for (const row of rows) {
    const key = `${row.channel}/${row.variationId}`;
    const zeros = { sent: 0, recipients: 0, failed: 0, bounced: 0, feedback: {} };
    const sum = sums.get(key) ?? { ...row, day: dayOf(start), ...zeros };
    for (const part of ['sent', 'recipients', 'failed', 'bounced'] as const) sum[part] += row[part];
    sum.feedback = sumOf(sum.feedback, row.feedback);
    sums.set(key, sum);
  }
  const [all] = campaignSeries(campaign, { unit, starts: [start] }, [...sums.values()]);
  return all === undefined ? {} : statsOf(campaign, all, shows);
}

function sumOf(one: VariationDay['feedback'], other: VariationDay['feedback']): VariationDay['feedback'] {
  const added = (Object.keys(other) as (keyof typeof other)[]).map((metric) => [
    metric,
    (one[metric] ?? 0) + (other[metric] ?? 0),
  ]);
  return { ...one, ...Object.fromEntries(added) };
}

/** Whoever got the first message of a dispatch has entered. Nothing is converted here. */
function statsOf({ id, name }: Campaign, { unique_recipients, messages }: CampaignEntry, shows: Shown): object {
  const none = { revenue: 0, conversions: 0, conversions_by_entry_time: 0 };
  return {
    total_stats: { ...none, entries: unique_recipients },
    ...(shows.variants && { variant_stats: { [id]: { name, ...none, entries: unique_recipients } } }),
    ...(shows.steps && { step_stats: { [id]: { name, ...none, messages } } }),
  };
}

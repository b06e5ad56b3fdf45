import type { VariationChannel } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import type { VariationDay } from '../../../dispatch/report/campaign-series.ts';
import type { Campaign } from '../../../workspace/catalog.ts';
import { dayOf, type Series } from '../series-query.ts';

type Counters = Readonly<Record<string, number>>;
type Numbers = Pick<VariationDay, 'sent' | 'recipients' | 'failed' | 'bounced'>;

const nothing: Numbers = { sent: 0, recipients: 0, failed: 0, bounced: 0 };

/** What the statistics of campaigns and of sends have in common; what nobody tells this server yet is 0. */
const push = ({ sent, bounced }: Numbers): Counters => ({
  sent,
  direct_opens: 0,
  total_opens: 0,
  bounces: bounced,
  body_clicks: 0,
});

const countersOf: Readonly<Record<VariationChannel, (numbers: Numbers) => Counters>> = {
  ios_push: push,
  android_push: push,
  kindle_push: push,
  web_push: push,
  email: ({ sent, bounced }) => ({
    ...{ sent, opens: 0, unique_opens: 0, clicks: 0, unique_clicks: 0, unsubscribes: 0, bounces: bounced },
    ...{ delivered: sent, reported_spam: 0 },
  }),
  sms: ({ sent, failed, bounced }) => ({
    ...{ sent, sent_to_carrier: sent, delivered: 0, rejected: 0, delivery_failed: failed + bounced, clicks: 0 },
    ...{ opt_out: 0, help: 0 },
  }),
  whats_app: ({ sent, failed, bounced }) => ({ sent, delivered: 0, failed: failed + bounced, read: 0 }),
  webhook: ({ sent, failed, bounced }) => ({ sent, errors: failed + bounced }),
  content_cards: ({ sent }) => ({
    ...{ sent, total_clicks: 0, total_dismissals: 0, total_impressions: 0 },
    ...{ unique_clicks: 0, unique_dismissals: 0, unique_impressions: 0 },
  }),
};

/** What only the statistics of a send say of a push. */
const pushOfSend = ({ sent, recipients, failed }: Numbers): Counters => ({
  ...{ delivered: sent, undelivered: 0, delivery_failed: failed, revenue: 0, unique_recipients: recipients },
  ...{ conversions: 0, conversions_by_send_time: 0 },
});

const pushChannels: ReadonlySet<VariationChannel> = new Set(['ios_push', 'android_push', 'kindle_push', 'web_push']);

/** The numbers of one day. */
export interface CampaignEntry {
  /** YYYY-MM-DD. */
  time: string;
  /** By channel, one for each variation. */
  messages: Record<string, object[]>;
  conversions_by_send_time: number;
  conversions: number;
  unique_recipients: number;
  revenue: number;
}

/** The series of a campaign: one entry for each day, with every variation. Source: adjacent-endpoints.md §5.4. */
export function campaignSeries(campaign: Campaign, { starts }: Series, rows: readonly VariationDay[]): CampaignEntry[] {
  return entriesOf(campaign, starts, rows, ({ variation: { id, channel }, numbers }) => ({
    variation_api_id: id,
    ...countersOf[channel](numbers),
  }));
}

/** The series of the sends under one send id. */
export function sendSeries(campaign: Campaign, { starts }: Series, rows: readonly VariationDay[]): CampaignEntry[] {
  return entriesOf(campaign, starts, rows, ({ variation: { name, channel }, numbers }) => ({
    variation_name: name,
    ...countersOf[channel](numbers),
    ...(pushChannels.has(channel) && pushOfSend(numbers)),
  }));
}

interface Variation {
  id: string;
  name: string;
  channel: VariationChannel;
}

function entriesOf(
  campaign: Campaign,
  starts: readonly Date[],
  rows: readonly VariationDay[],
  entryOf: (of: { variation: Variation; numbers: Numbers }) => object,
): CampaignEntry[] {
  const variations = Map.groupBy(variationsOf(campaign, rows), ({ channel }) => channel);
  const days = Map.groupBy(rows, ({ day }) => day);
  return starts.map((start) => {
    const ofDay = days.get(dayOf(start)) ?? [];
    const numbers = new Map(ofDay.map((row) => [keyOf(row.variationId, channels[row.channel].variationChannel), row]));
    const messages = [...variations].map(([channel, ones]): [string, object[]] => [
      channel,
      ones.map((variation) => entryOf({ variation, numbers: numbers.get(keyOf(variation.id, channel)) ?? nothing })),
    ]);
    return {
      time: dayOf(start),
      messages: Object.fromEntries(messages),
      conversions_by_send_time: 0,
      conversions: 0,
      unique_recipients: ofDay.reduce((sum, { recipients }) => sum + recipients, 0),
      revenue: 0,
    };
  });
}

/** The variations of a campaign, and those that it no longer has and that were sent. */
function variationsOf({ variations }: Campaign, rows: readonly VariationDay[]): Variation[] {
  const all = new Map([...variations.values()].map((one): [string, Variation] => [keyOf(one.id, one.channel), one]));
  for (const { variationId: id, channel } of rows) {
    const { variationChannel } = channels[channel];
    const key = keyOf(id, variationChannel);
    if (!all.has(key)) all.set(key, { id, name: id, channel: variationChannel });
  }
  return [...all.values()];
}

function keyOf(id: string, channel: VariationChannel): string {
  return `${channel}/${id}`;
}

import type { VariationChannel } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import type { VariationDay } from '../../../dispatch/report/campaign-series.ts';
import type { Campaign } from '../../../workspace/catalog.ts';
import { dayOf, type Series } from '../series-query.ts';

type Counters = Readonly<Record<string, number>>;
type Numbers = Pick<VariationDay, 'sent' | 'recipients' | 'failed' | 'bounced' | 'feedback'>;

const nothing: Numbers = { sent: 0, recipients: 0, failed: 0, bounced: 0, feedback: {} };

/** What the statistics of campaigns and of sends have in common; what nobody tells this server is 0. */
const push = ({
  sent,
  bounced,
  feedback: { opens = 0, unique_opens = 0, clicks = 0, bounces = 0 },
}: Numbers): Counters => ({
  sent,
  direct_opens: unique_opens,
  total_opens: opens,
  bounces: bounced + bounces,
  body_clicks: clicks,
});

const countersOf: Readonly<Record<VariationChannel, (numbers: Numbers) => Counters>> = {
  ios_push: push,
  android_push: push,
  kindle_push: push,
  web_push: push,
  email: ({ sent, bounced, feedback }) => {
    const { opens = 0, unique_opens = 0, clicks = 0, unique_clicks = 0 } = feedback;
    const { machine_opens = 0, machine_clicks = 0 } = feedback;
    const { opt_outs = 0, bounces = 0, complaints = 0 } = feedback;
    return {
      ...{ sent, opens, unique_opens, clicks, unique_clicks, unsubscribes: opt_outs, bounces: bounced + bounces },
      // A bounce may come on a later day than the mail was accepted on.
      ...{ delivered: Math.max(0, sent - bounces), reported_spam: complaints },
      // Ours: the original leaves machines out.
      ...(machine_opens > 0 && { machine_opens }),
      ...(machine_clicks > 0 && { machine_clicks }),
    };
  },
  sms: ({ sent, failed, bounced, feedback }) => {
    const { delivered = 0, failures = 0, bounces = 0, clicks = 0, opt_outs = 0, helps = 0 } = feedback;
    return {
      ...{ sent, sent_to_carrier: sent, delivered, rejected: failures + bounces, delivery_failed: failed + bounced },
      ...{ clicks, opt_out: opt_outs, help: helps },
    };
  },
  whats_app: ({ sent, failed, bounced, feedback: { delivered = 0, failures = 0, bounces = 0, reads = 0 } }) => ({
    ...{ sent, delivered, failed: failed + bounced + failures + bounces, read: reads },
  }),
  webhook: ({ sent, failed, bounced }) => ({ sent, errors: failed + bounced }),
  content_cards: ({ sent, feedback }) => {
    const { clicks = 0, dismissals = 0, shows = 0 } = feedback;
    const { unique_clicks = 0, unique_dismissals = 0, unique_shows = 0 } = feedback;
    return {
      ...{ sent, total_clicks: clicks, total_dismissals: dismissals, total_impressions: shows },
      ...{ unique_clicks, unique_dismissals, unique_impressions: unique_shows },
    };
  },
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

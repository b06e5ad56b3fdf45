import type { VariationChannel } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import type { FeedbackMetric } from '../../../dispatch/ledger/feedback/send-feedback.ts';
import type { CameBack, SentOnDay } from '../../../dispatch/report/console/campaign-totals.ts';

/** The numbers of a campaign in a list. null: none of its channels tells. */
export interface CampaignNumbers {
  sent: number;
  recipients: number;
  opened: number | null;
  clicked: number | null;
  /** Messages of each day, oldest first. */
  sent_by_day: number[];
}

type Told = Readonly<Record<VariationChannel, FeedbackMetric | null>>;
const push = { ios_push: 'unique_opens', android_push: 'unique_opens', kindle_push: 'unique_opens' } as const;
const pushClicks = { ios_push: 'clicks', android_push: 'clicks', kindle_push: 'clicks', web_push: 'clicks' } as const;

/** What says that a person opened a message. Machines have metrics of their own, and are in neither number. */
const openedBy: Told = {
  ...{ ...push, web_push: 'unique_opens', email: 'unique_opens', sms: null, whats_app: 'reads', webhook: null },
  content_cards: 'unique_shows',
};
const clickedBy: Told = {
  ...{ ...pushClicks, email: 'unique_clicks', sms: 'clicks', whats_app: null, webhook: null },
  content_cards: 'unique_clicks',
};

interface Counted {
  /** The channels that the campaign has now. Those on which it sent before count, too. */
  itsChannels: readonly VariationChannel[];
  sent: readonly SentOnDay[];
  cameBack: readonly CameBack[];
  /** YYYY-MM-DD, oldest first. */
  days: readonly string[];
}

export function campaignNumbers({ itsChannels, sent, cameBack, days }: Counted): CampaignNumbers {
  const byDay = new Map<string, number>();
  for (const one of sent) byDay.set(one.day, (byDay.get(one.day) ?? 0) + one.sent);
  const all = new Set([...itsChannels, ...sent.map(({ channel }) => channels[channel].variationChannel)]);
  const told = (by: Told): number | null => {
    if (![...all].some((channel) => by[channel] !== null)) return null;
    const meant = cameBack.filter(({ channel, metric }) => by[channels[channel].variationChannel] === metric);
    return meant.reduce((sum, { total }) => sum + total, 0);
  };
  return {
    sent: sent.reduce((sum, one) => sum + one.sent, 0),
    recipients: sent.reduce((sum, one) => sum + one.recipients, 0),
    opened: told(openedBy),
    clicked: told(clickedBy),
    sent_by_day: days.map((day) => byDay.get(day) ?? 0),
  };
}

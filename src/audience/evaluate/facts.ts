import type { GlobalState } from '../../templating/facts.ts';
import type { AddressFlag, AttributeName, Deed, Platform } from '../grammar/filter.ts';

/** The facts about a person that filters look at. Facts not loaded are empty. Times are in milliseconds since 1970. */
export interface AudienceFacts {
  custom: Readonly<Record<string, unknown>>;
  customTimes: Readonly<Record<string, number>>;
  /** Default attributes. null: not set. */
  attributes: Readonly<Record<AttributeName, string | number | null>>;
  emailState: GlobalState;
  /** When the email state was set. null: never, or not known. */
  emailStateChangedAt: number | null;
  pushState: GlobalState;
  lastSessionAt: number | null;
  sessionCount: number;
  /** Sessions by day, for the last 31 days. */
  sessionDays: readonly SessionDay[];
  totals: readonly DeedTotal[];
  /** Counts by day, for the last 31 days. */
  days: readonly DeedDay[];
  groups: ReadonlyMap<string, 'subscribed' | 'unsubscribed'>;
  pushTokens: readonly { platform: Platform; appId: string; foreground: boolean }[];
  addressFlags: Readonly<Record<AddressFlag, boolean>>;
  received: readonly Received[];
}

/** The totals of one event or product over all time. A purchase of three pieces counts as three. */
export interface DeedTotal {
  deed: Deed['deed'];
  name: string;
  count: number;
  firstAt: number;
  lastAt: number;
  revenue: number;
}

/** The count of one event or product on one day. `startsAt` is the day's midnight in UTC. */
export interface DeedDay {
  deed: Deed['deed'];
  name: string;
  startsAt: number;
  count: number;
}

/** The sessions that began on one day. `startsAt` is the day's midnight in UTC. */
export interface SessionDay {
  startsAt: number;
  count: number;
}

/** Messages of one campaign on one channel that a provider accepted for the person. */
export interface Received {
  channel: string;
  /** null: messages without a campaign. */
  campaignId: string | null;
  lastAt: number;
}

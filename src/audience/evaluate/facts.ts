import type { GlobalState } from '../../templating/facts.ts';
import type { AddressFlag, AttributeName, Deed, Platform } from '../grammar/filter.ts';

/** What is known of one person that a filter may ask. What was not asked for is empty. Times: milliseconds since 1970. */
export interface AudienceFacts {
  custom: Readonly<Record<string, unknown>>;
  customTimes: Readonly<Record<string, number>>;
  /** Null when unset. */
  attributes: Readonly<Record<AttributeName, string | number | null>>;
  emailState: GlobalState;
  pushState: GlobalState;
  lastSessionAt: number | null;
  sessionCount: number;
  totals: readonly DeedTotal[];
  /** Of the last 31 days. */
  days: readonly DeedDay[];
  groups: ReadonlyMap<string, 'subscribed' | 'unsubscribed'>;
  pushTokens: readonly { platform: Platform; appId: string; foreground: boolean }[];
  addressFlags: Readonly<Record<AddressFlag, boolean>>;
  received: readonly Received[];
}

/** One event or product, over all time. A purchase of three pieces counts as three. */
export interface DeedTotal {
  deed: Deed['deed'];
  name: string;
  count: number;
  firstAt: number;
  lastAt: number;
  revenue: number;
}

/** The same on one day; `startsAt`: its midnight in UTC. */
export interface DeedDay {
  deed: Deed['deed'];
  name: string;
  startsAt: number;
  count: number;
}

/** What a provider took over for the person: of one campaign (null = none) on one channel. */
export interface Received {
  channel: string;
  campaignId: string | null;
  lastAt: number;
}

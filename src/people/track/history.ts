import type { PersonName } from '../profile/identify.ts';

/**
 * What another system knows of a person's past, beside the attributes. Only imports have it. All of it is stored so that
 * the same history twice changes nothing: the greater count, the earlier first and the later last time win.
 */
export interface History {
  /** When the other system made the person. Applies to people who are new here. null: unknown. */
  createdAt: Date | null;
  /** From 0 to 9999. Applies to people who are new here. null: unknown. */
  randomBucket: number | null;
  /** Further names of the person. */
  aliases: readonly PersonName[];
  /** When the email state in the same object was set. null: unknown. */
  emailStateAt: Date | null;
  /** When the push state in the same object was set. null: unknown. */
  pushStateAt: Date | null;
  /** Number of sessions. null: unknown. */
  sessions: number | null;
  totals: readonly PastTotal[];
  /** What the person spent in all. null: unknown. */
  revenue: number | null;
  /** When the person last received a message of a campaign of this workspace. */
  received: readonly { campaignId: string; channel: string; at: Date }[];
}

/** How often a person did something, or bought a product. */
export interface PastTotal {
  kind: 'event' | 'purchase';
  name: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
}

export const noHistory: History = {
  ...{ createdAt: null, randomBucket: null, aliases: [], emailStateAt: null, pushStateAt: null, sessions: null },
  ...{ totals: [], revenue: null, received: [] },
};

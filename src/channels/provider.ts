import type { Shape } from '../lib/raw/shape.ts';

export type Platform = 'ios' | 'android' | 'kindle' | 'web';

/** The facts about a kind of provider that are the same for every account. */
export interface ProviderDefinition<Settings extends object> {
  /** The shape of one account's settings, in the workspace file and as JSON in the database. */
  settings: Shape<Settings>;
  /** Settings that are encrypted in the database. The others may be shown to an operator. */
  secrets: readonly (keyof Settings & string)[];
  /** Who may have such an account: apps of a platform, or subscription groups of a channel. */
  fits: Platform | 'sms' | 'whats_app';
  /** The provider's published quota, in calls a minute. null: it has published none. */
  callsPerMinute: number | null;
  /** Names the accounts whose calls the provider counts together. Absent: it counts each app or group by itself. */
  countedBy?(settings: Settings): string;
}

/** An account without its secrets. */
export interface ShownAccount {
  /** The provider's name in the workspace file. */
  kind: string;
  settings: object;
}

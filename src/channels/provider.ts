import type { Shape } from '../lib/shape.ts';

export type Platform = 'ios' | 'android' | 'kindle' | 'web';

/** What is known of a kind of provider before anybody has an account with it. */
export interface ProviderDefinition<Settings extends object> {
  /** The settings of one account, as the workspace file gives them and the database keeps them: JSON. */
  settings: Shape<Settings>;
  /** Members that are sealed in the database; the others may be shown to an operator. */
  secrets: readonly (keyof Settings & string)[];
  /** Who may have it: apps of a platform, or subscription groups of a channel. */
  fits: Platform | 'sms' | 'whats_app';
  /** The most calls a minute that the provider takes, as it has published them. null: it has published nothing. */
  callsPerMinute: number | null;
  /** Whose calls the provider counts together. Absent: those of each app, or of each subscription group. */
  countedBy?(settings: Settings): string;
}

import type { ChannelKey } from '../channels/channel.ts';
import type { Json } from '../lib/raw/json.ts';
import type { EventKind } from '../workspace/event-webhooks.ts';
import type { SendReference } from './reference.ts';

export { type EventKind, eventKinds, type FeedbackKind, feedbackKinds } from '../workspace/event-webhooks.ts';

/**
 * Who opened or clicked: a person (`none`), a person of whom Gmail's picture proxy hides all else (`gmail`), or a machine: mail
 * programs that fetch for people who may never look (`apple`), and everything else (`scanner`).
 */
export type Bot = 'apple' | 'gmail' | 'scanner' | 'none';

export function isMachine(bot: Bot | null): boolean {
  return bot === 'apple' || bot === 'scanner';
}

/** What a provider said of a send or an address, in one form for all providers. */
export interface FeedbackEvent {
  /** Unique within the workspace and `provider`. The same one never counts twice. */
  eventId: string;
  /** `sent` and `not_sent` are only for verdicts of our own. */
  kind: EventKind;
  /** The provider's time, or that of receipt if it gives none. */
  occurredAt: Date;
  /** Such as `twilio`, `whatsapp_cloud`, `smtp`, `ses`; `cresset` for what this server noticed itself. */
  provider: string;
  /** `push`: it is about consent to pushes on every channel. */
  channel: ChannelKey | 'push';
  /** Read from a reference that we gave the provider. null: there was none. */
  send: SendReference | null;
  /** Finds the send if there is no reference and its outcome said `isFoundById`. */
  providerMessageId: string | null;
  /** In the form of the ledger: an email address in lower case, a phone number in E.164. null: that of the send. */
  address: string | null;
  /** `bounced`, `failed`: whether the address is dead. Default: it is not. */
  permanent?: boolean;
  /** The provider's code. */
  code: string | null;
  /** The provider's words, of which 500 characters are kept. */
  text: string | null;
  /** `opened`, `clicked`. Default: `none`. */
  bot?: Bot;
  /**
   * `opted_out`, `opted_in`: the only group that is meant. Without it: the group of the send, and of mails all of them.
   * `replied`: the group of which somebody asked for help.
   */
  subscriptionGroupId?: string | null;
  /** Time in which others may come that say more of it, in milliseconds. Until then it is not applied. Default: 0. */
  waitsMs?: number;
  /** What else is worth keeping, such as a link or a button. At most 8 KiB of JSON. */
  detail: Readonly<Record<string, Json>>;
}

/**
 * What became of an event: `applied`; `no_send`, when its send was never found, and all else was done; `no_effect`, when
 * there was nothing to do; `refused`, when it cannot be stored where it belongs.
 */
export const feedbackOutcomes = ['applied', 'no_send', 'no_effect', 'refused'] as const;
export type FeedbackOutcome = (typeof feedbackOutcomes)[number];

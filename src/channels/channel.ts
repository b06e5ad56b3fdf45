import type { Problems } from '../lib/problems.ts';
import type { ChannelSettings } from './channel-settings.ts';
import type { Expiry } from './expiry.ts';
import type { Platform } from './provider.ts';
import type { RetrySchedule } from './retry.ts';
import type { Providers } from './sender.ts';

/** The keys under `messages`. */
export const channelKeys = [
  'android_push',
  'apple_push',
  'content_card',
  'email',
  'kindle_push',
  'sms',
  'web_push',
  'webhook',
  'whats_app',
] as const;
export type ChannelKey = (typeof channelKeys)[number];

/** Kinds of message variation a campaign may hold. */
export type VariationChannel =
  | 'ios_push'
  | 'android_push'
  | 'kindle_push'
  | 'web_push'
  | 'email'
  | 'sms'
  | 'whats_app'
  | 'webhook'
  | 'content_cards';

/** What frequency caps tell apart. */
export type CapFamily = 'push' | 'email' | 'sms' | 'webhook' | 'whats_app';

/** What is read of a person only where something needs it; see `people/profile/facts.ts`. */
export type PersonNeed = 'push' | 'groups' | 'emailFlags' | 'phoneFlags';

/** Ids of the workspace that a message names; checked against the catalog by the caller, with these paths. */
export interface References {
  appId?: string | undefined;
  subscriptionGroupId?: string | undefined;
  emailTemplateId?: string | undefined;
  messageVariationId?: string | undefined;
}

/**
 * One channel. A message is plain JSON all the way: what `parse` returns has every text still as a template, the
 * dispatcher renders all its texts for one person (except under `neverTemplates`), and `render` gets the result.
 */
export interface Channel<Message extends object = object, Rendered extends object = object> {
  key: ChannelKey;
  variationChannel: VariationChannel;
  /** What is delivered to. `push` = the tokens of apps of `platform`. */
  address: { kind: 'email' } | { kind: 'phone' } | { kind: 'none' } | { kind: 'push'; platform: Platform };
  /** What must be known of a person, beside what always is. */
  needs: readonly PersonNeed[];
  /**
   * The mark of an address that is dead for this channel: a bounce leaves it, and nothing goes to an address that has it.
   * null: this channel has no such mark.
   */
  deadMark: 'hard_bounced' | 'invalid_phone' | null;
  /** The name under which frequency caps count it; null: it is never capped and never counted. */
  capFamily: CapFamily | null;
  /**
   * How much may be in hand. `pushes`: much, since a connection carries many at once and a repetition does little harm.
   * `others`: less.
   */
  sendLimits: 'pushes' | 'others';
  /** Whose provider its messages leave by; null: there is none yet, and they go to the sandbox. */
  providers: Providers<Rendered> | null;
  /** When a message is tried again that did not go through for this reason. Absent: never. */
  retry?(reason: string): RetrySchedule;
  /** Absent: its messages do not expire. */
  expiry?: Expiry<Message, Rendered>;
  /** Absent: its messages hold no links by which the person changes a subscription. `inHeader`: a header offers one, too. */
  subscriptionLinks?: { inHeader(settings: ChannelSettings): boolean };
  /** Members, at any depth, whose texts are taken literally. */
  neverTemplates: ReadonlySet<string>;
  /**
   * Checks the raw object and brings it into its canonical form: lenient scalars are converted, absent members are
   * absent, a scalar given as a template stays a text. Adds every problem to `problems`; null when there was a fatal one.
   */
  parse(value: Record<string, unknown>, path: string, problems: Problems, now: Date): Message | null;
  /** The raw object with what the workspace gives where the caller gave nothing. */
  withDefaults?(raw: Record<string, unknown>, settings: ChannelSettings): Record<string, unknown>;
  /** Checks a parsed message against the workspace. */
  checkInWorkspace?(message: Message, path: string, problems: Problems, settings: ChannelSettings): void;
  /** The raw object without values that may be credentials, for the record of a request. */
  masked?(raw: Record<string, unknown>): Record<string, unknown>;
  references(message: Message): References;
  /** True for a push that shows nothing, which may go to background tokens. */
  isSilent?(message: Message): boolean;
  mostRecentDeviceOnly?(message: Message): boolean;
  /**
   * A message whose texts are rendered → what is delivered; JSON. Pure. Converts scalars that were templates.
   * Throws RenderStop when a required text is blank, a scalar does not convert, or the payload is too large.
   */
  render(message: Message, facts: RenderFacts): Rendered;
}

export interface RenderFacts {
  now: Date;
  /** IANA zone of the person, else of the workspace. */
  timeZone: string;
  dispatchId: string;
  /** Set when the message goes out under a campaign. */
  campaignId: string | null;
  /** Where a mail's List-Unsubscribe header leads; null = without one. */
  unsubscribeUrl: string | null;
}

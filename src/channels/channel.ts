import type { Problems } from '../lib/problems.ts';

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
  address:
    | { kind: 'email' }
    | { kind: 'phone' }
    | { kind: 'none' }
    | { kind: 'push'; platform: 'ios' | 'android' | 'kindle' | 'web' };
  /** Members, at any depth, whose texts are taken literally. */
  neverTemplates: ReadonlySet<string>;
  /**
   * Checks the raw object and brings it into its canonical form: lenient scalars are converted, absent members are
   * absent, a scalar given as a template stays a text. Adds every problem to `problems`; null when there was a fatal one.
   */
  parse(value: Record<string, unknown>, path: string, problems: Problems, now: Date): Message | null;
  references(message: Message): References;
  /** True: its messages may hold links by which a recipient changes the subscription state of the address. Absent: never. */
  hasLinks?: boolean;
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

import type { Problems } from '../lib/raw/problems.ts';
import type { ChannelSettings } from './channel-settings.ts';
import type { Expiry } from './expiry.ts';
import type { Outcome } from './outcome.ts';
import type { Platform, ShownAccount } from './provider.ts';
import type { GroupProvider } from './providers.ts';
import type { RetrySchedule } from './retry.ts';
import type { Providers } from './sender.ts';
import type { StoredTemplate } from './stored-template.ts';
import type { Shortener, Tracker } from './tracking.ts';

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

/** The kinds of message variation that a campaign may have. */
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

/** The families of channels that frequency caps tell apart. */
export type CapFamily = 'push' | 'email' | 'sms' | 'webhook' | 'whats_app';

/** Facts about a person that are loaded only when something needs them; see `people/profile/facts.ts`. */
export type PersonNeed = 'push' | 'groups' | 'emailFlags' | 'phoneFlags' | 'lastWrote';

/** The workspace's ids that a message names. The caller checks them against the catalog. */
export interface References {
  appId?: string | undefined;
  subscriptionGroupId?: string | undefined;
  emailTemplateId?: string | undefined;
  messageVariationId?: string | undefined;
}

/** A text of a workspace's settings that messages may name as `{{${email_footer}}}`. */
export interface ChannelFooter {
  /** The template, in HTML. null: the workspace has none. */
  of(settings: ChannelSettings): string | null;
  /** The rendered HTML as plain text. */
  asText(html: string): string;
}

/**
 * One channel. A message is plain JSON at every step. `parse` returns it with its texts still as templates. The
 * dispatcher renders all texts for one person, except those under `neverTemplates`. `render` gets the result.
 */
export interface Channel<Message extends object = object, Rendered extends object = object> {
  key: ChannelKey;
  variationChannel: VariationChannel;
  /** The kind of address that the channel delivers to. `push`: push tokens of the apps of `platform`. */
  address: { kind: 'email' } | { kind: 'phone' } | { kind: 'none' } | { kind: 'push'; platform: Platform };
  /** Facts about the person that the channel needs, beyond those that are always loaded. */
  needs: readonly PersonNeed[];
  /** Further facts that this message needs. Absent: none. */
  alsoNeeds?(message: Message): readonly PersonNeed[];
  /**
   * The flag that marks an address as dead for this channel. A bounce sets it, and no message goes to an address that
   * has it. null: the channel has no such flag.
   */
  deadMark: 'hard_bounced' | 'invalid_phone' | null;
  /** The name under which frequency caps count the channel. null: it is never capped and never counted. */
  capFamily: CapFamily | null;
  /**
   * The send limits that apply. `pushes`: high, because one connection carries many messages at once and a repeated
   * push does little harm. `posts`: lower, because a connection carries one at a time. `others`: lowest.
   */
  sendLimits: 'pushes' | 'posts' | 'others';
  /** Whose account with a provider sends the messages. null: no provider is built yet, so they go to the sandbox. */
  providers: Providers<Rendered> | null;
  /**
   * What the sandbox answers for a message to this address, in the place of a provider. Absent: it accepts every message.
   */
  sandboxReply?(address: string | null): Outcome;
  /** The retry schedule of a message that failed for `reason`. Absent: it is never retried. */
  retry?(reason: string): RetrySchedule;
  /**
   * True: a message whose answer slows down the whole account is retried by its schedule, as after another failure. Absent:
   * such an answer costs it no attempt, and it waits for the account until it expires.
   */
  countsSlowed?: true;
  /** When the messages expire. Absent: never. */
  expiry?: Expiry<Message, Rendered>;
  /** Links in a message that change a subscription. Absent: it has none. `inHeader`: a header has such a link, too. */
  subscriptionLinks?: { inHeader(settings: ChannelSettings): boolean };
  /** The workspace's footer that its messages may name. Absent: its messages have none. */
  footer?: ChannelFooter;
  /** How its links are followed: by a tracker in HTML, or by short links in a text. Absent: they are not. */
  follows?: 'html' | 'text';
  /** Members of the message itself whose texts are never rendered as templates. A caller's data may use their names. */
  neverTemplates: ReadonlySet<string>;
  /** Members whose texts are HTML. Absent: none. */
  htmlTemplates?: ReadonlySet<string>;
  /** Its messages are cards, which templates may ask for their name. Absent: they are not. */
  isCard?: true;
  /**
   * Checks the raw object and returns its canonical form: lenient scalars are converted, absent members are left out,
   * a scalar that is given as a template stays a text. Adds every problem to `problems`. null: the problem was fatal.
   */
  parse(value: Record<string, unknown>, path: string, problems: Problems, now: Date): Message | null;
  /** The raw object, with the workspace's defaults for members that the caller left out. */
  withDefaults?(raw: Record<string, unknown>, settings: ChannelSettings): Record<string, unknown>;
  /** Checks a parsed message against the workspace. */
  checkInWorkspace?(message: Message, path: string, problems: Problems, settings: ChannelSettings): void;
  /** Checks a parsed message against the account of its subscription group. null: the group has none. */
  checkInGroup?(message: Message, path: string, problems: Problems, account: ShownAccount | null): void;
  /** Checks a parsed message that is kept, and sent again and again. Absent: any may be kept. */
  checkStored?(message: Message, path: string, problems: Problems): void;
  /** The raw object, for the record of a request: values that may be credentials are masked. */
  masked?(raw: Record<string, unknown>): Record<string, unknown>;
  references(message: Message): References;
  /** The members that a message takes from its stored template. Absent: its messages have no templates. */
  fromTemplate?(message: Message, template: StoredTemplate): Partial<Message>;
  /** How the files that a trigger brings are added to its messages. Absent: its messages have no files. */
  files?: MessageFiles<Message>;
  /** Who receives the message, if each message names its own receiver: texts are equal for one receiver. */
  receiver?(message: Message): string;
  /** Whether the message is a silent push, which may also go to background tokens. */
  isSilent?(message: Message): boolean;
  mostRecentDeviceOnly?(message: Message): boolean;
  /**
   * Turns a message whose texts are rendered into what is delivered, as JSON. Pure. Converts scalars that were
   * templates. Throws RenderStop when a required text is blank, a scalar does not convert, or the payload is too large.
   */
  render(message: Message, facts: RenderFacts): Rendered;
  /** How large a rendered message is, for previews. Absent: nobody asks. */
  measure?(rendered: Rendered): Measures;
}

/** The size of a rendered message. */
export interface Measures {
  /** What the provider counts, in bytes. */
  bytes: number;
  /** Most bytes that the provider takes. null: it has no such limit. */
  mostBytes: number | null;
  /** Billable segments of a text. */
  segments?: { encoding: string; count: number };
  /** What people should know of it, as a sentence. */
  warning?: string;
}

/** Files beside a message, which do not come with it. */
export interface MessageFiles<Message = object, File extends object = object> {
  /** Reads the files. `path`: the member of the request that holds them. Adds every problem to `problems`. */
  read(given: unknown, path: string, problems: Problems): readonly File[];
  /** The parsed message with these files, too. Adds every problem to `problems`, under `path`. */
  add(
    message: Message,
    files: readonly File[],
    given: { path: string; problems: Problems; settings: ChannelSettings },
  ): Message;
}

export interface RenderFacts {
  now: Date;
  /** The person's IANA time zone, else the workspace's. */
  timeZone: string;
  dispatchId: string;
  /** The campaign's id. null: the message is sent without a campaign. */
  campaignId: string | null;
  /** The URL of a mail's List-Unsubscribe header. null: the mail has no such header. */
  unsubscribeUrl: string | null;
  /** Absent: those of a workspace that has set nothing. */
  settings?: ChannelSettings;
  /** Absent: the message is not to be followed. */
  tracker?: Tracker;
  /** Absent: links are not shortened. */
  shortener?: Shortener;
  /** The account of the subscription group that the message names. null: it names none, or the group has none. */
  provider: GroupProvider | null;
}

import type { CatalogReader } from './catalog-tags.ts';
import type { ContentReader } from './content/reader.ts';
import type { MessageExtras } from './extras.ts';

export const globalStates = ['opted_in', 'subscribed', 'unsubscribed'] as const;
export type GlobalState = (typeof globalStates)[number];

/** What a template may know of a person. Absent things are null. */
export interface PersonFacts {
  brazeId: string;
  externalId: string | null;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  phone: string | null;
  gender: string | null;
  language: string | null;
  country: string | null;
  homeCity: string | null;
  timeZone: string | null;
  /** YYYY-MM-DD */
  dob: string | null;
  randomBucket: number;
  longitude: number | null;
  latitude: number | null;
  lastSessionAt: Date | null;
  emailState: GlobalState;
  /** Custom attributes as stored; those that are times are ISO texts. */
  custom: Readonly<Record<string, unknown>>;
  /** Names of custom attributes that are times → milliseconds since 1970. */
  customTimes: Readonly<Record<string, number>>;
  /** Subscription group id (lower case) → state. */
  subscriptionGroups: Readonly<Record<string, 'subscribed' | 'unsubscribed'>>;
  /** Null for a person who never used an app. */
  mostRecentlyUsedDevice: DeviceFacts | null;
}

/** What a template may know of a device, by the names of the original. */
export type DeviceFacts = Readonly<Record<string, unknown>>;

/** What a triggered message may know of its request. */
export interface TriggerFacts {
  /** The properties for everybody. */
  common: Readonly<Record<string, unknown>>;
  /** Those of this person, each of which takes the place of a common one. null: there are none. */
  own: Readonly<Record<string, unknown>> | null;
  /** The Canvas that was named. null: a campaign was. */
  canvas: { id: string; name: string; variantId: string; variantName: string } | null;
}

/** The rendered footer. null: there is none. */
export type Footer = () => string | null;

/** All that one rendering may know. */
export interface RenderContext {
  now: Date;
  person: PersonFacts;
  dispatchId: string;
  campaign: { id: string; name: string } | null;
  variation: { id: string; name: string } | null;
  /** Content cards only; absent elsewhere. */
  card?: { id: string | null; name: string | null } | null;
  /** What the request that triggered the message says. Absent: the message was not triggered. */
  trigger?: TriggerFacts | null;
  /** The device that a push goes to. null: nothing is known of it. Absent: it is no push. */
  device?: DeviceFacts | null;
  /** Email only; null elsewhere. */
  links: {
    unsubscribe: string;
    subscribe: string;
    optIn: string;
    /** The person's page of a preference center, by its name. null: there is none. Absent: there are none at all. */
    center?(name: string): string | null;
  } | null;
  /** Renders the workspace's footer, once, for texts in HTML. null: it is blank. Throws RenderStop. Absent: there is none. */
  footer?: Footer;
  /** The same for the other texts. */
  plainFooter?: Footer;
  /** Whether outputs in HTML escape what they print. Absent: they do not. */
  escapesHtml?: boolean;
  /** The item catalogs of the workspace. Absent: no template of the message reads them. */
  catalogs?: CatalogReader;
  /** Gives the answers to calls. Absent: no template of the message makes any. */
  content?: ContentReader;
  /** Gets the pairs that the message's templates attach to its send. Absent: nobody reads them. */
  extras?: MessageExtras;
}

import type { CapFamily, VariationChannel } from '../channels/channel.ts';
import type { ChannelSettings } from '../channels/channel-settings.ts';
import type { ConnectedContentSettings } from '../channels/connected-content.ts';
import type { FeedSettings } from '../channels/content-card/settings.ts';
import type { Platform } from '../channels/provider.ts';
import type { GroupProvider, PushProvider } from '../channels/providers.ts';
import type { RawObject } from '../lib/raw/json.ts';
import type { Permission } from './permissions.ts';
import type { Quotas } from './quotas.ts';
import type { QuietHours } from './rules/quiet-hours.ts';

/**
 * An immutable snapshot in memory of everything that operators have defined. Requests read it instead of the database.
 * Its maps hold UUID-shaped ids in lower case; look them up with `idKey`.
 */
export interface Catalog {
  workspace(id: number): WorkspaceCatalog | undefined;
  /** Finds an app's workspace. App ids are unique across all workspaces. */
  workspaceOfApp(appId: string): WorkspaceCatalog | undefined;
  /** Finds a subscription group's workspace. Their ids are unique across all workspaces, too. */
  workspaceOfGroup(groupId: string): WorkspaceCatalog | undefined;
  /** Finds a key by its SHA-256, as bytes or as hex digits in lower case. */
  apiKey(hash: Buffer | string): ApiKey | undefined;
  /** Whether any workspace takes keys in bodies. */
  takesKeysInBodies(): boolean;
  /** The domains to which bounce mails of any workspace go. */
  returnPaths(): ReadonlySet<string>;
}

export interface WorkspaceCatalog {
  id: number;
  name: string;
  timeZone: string;
  settings: WorkspaceSettings;
  apps: ReadonlyMap<string, App>;
  subscriptionGroups: ReadonlyMap<string, SubscriptionGroup>;
  segments: ReadonlyMap<string, Segment>;
  /** Those that were removed. Nothing new may use them. Absent: none. */
  removedSegments?: ReadonlyMap<string, Segment>;
  campaigns: ReadonlyMap<string, Campaign>;
  /** The campaigns that are triggered under a Canvas id, by that id. */
  canvases: ReadonlyMap<string, Campaign>;
  frequencyCaps: readonly FrequencyCap[];
  /** The ids of its preference centers that people may open, by name. Absent: there are none. */
  preferenceCenters?: ReadonlyMap<string, string>;
  /** The names of custom attributes that are not stored, shown or matched. Absent: none. */
  blockedAttributes?: ReadonlySet<string>;
  /** Whom its templates may call. Absent: public hosts, without credentials. */
  connectedContent?: ConnectedContentSettings;
  /** The most that it may use. Absent: any number of everything. */
  quotas?: Quotas;
  /** Where its events are sent. Absent: nowhere. */
  eventWebhooks?: readonly EventWebhook[];
}

/** Everything that segments may refer to, by `idKey`. */
export interface Definitions {
  apps: ReadonlyMap<string, unknown>;
  subscriptionGroups: ReadonlyMap<string, { archived: boolean }>;
  segments: ReadonlyMap<string, Segment>;
  campaigns: ReadonlyMap<string, unknown>;
}

export interface WorkspaceSettings extends ChannelSettings {
  audience: {
    /** Whether a person without a value for a number matches "exactly 0" and "less than". */
    missingNumberIsZero: boolean;
  };
  requests: {
    /** Whether requests without `Authorization` may have their key in the body, as older clients do. */
    keyInBody: boolean;
    /** Whether a body that is not declared as JSON is refused. */
    strictContentType: boolean;
  };
  schedules: {
    /** How late a scheduled message may be sent for the first time, in milliseconds. Later, it expires. */
    lateMs: number;
  };
  users: {
    trackBatch: TrackBatch;
    /** External ids of which nothing is taken. Absent: none. */
    blockedIds?: ReadonlySet<string>;
  };
  itemCatalogs: {
    /** Most bytes of the items of all its item catalogs. */
    storageBytes: number;
  };
  /** Most bytes of all files of its media library; 0: it has none. Absent: the default. */
  mediaLibrary?: { storageBytes: number };
  /** When its people are left alone. Absent: never. */
  quietHours?: readonly QuietHours[];
  /** Whether its feed of events has what our own calls said of each send. Absent: it has not. */
  hasVerdictEvents?: true;
  /** Whether outputs of templates in HTML escape what they print. Absent: they do not. */
  escapesHtml?: true;
  /** The workspace's own limits of requests per window, by bucket name. */
  rateLimits: Readonly<Record<string, number>>;
}

/** One of `trackBatches` in settings.ts. */
export type TrackBatch = 'per_array' | 'combined';

export interface App {
  id: string;
  name: string;
  platform: Platform;
  /** Absent: its messages go to the sandbox. */
  provider?: PushProvider;
  /** Absent: nobody may fetch content cards through it. */
  cardFeed?: FeedSettings;
}

export interface SubscriptionGroup {
  id: string;
  name: string;
  channel: 'email' | 'sms' | 'whats_app';
  archived: boolean;
  /** ISO 3166-1 alpha-2 codes of the only countries that are sent to, by the dialing code of the number. Absent or null: all. */
  countries?: readonly string[] | null;
  /** Absent: its messages go to the sandbox. */
  provider?: GroupProvider;
}

export interface Segment {
  id: string;
  name: string;
  /** The unparsed filter (a connected audience object). null: everybody. */
  filter: unknown;
  archived: boolean;
}

export interface Campaign {
  id: string;
  name: string;
  kind: 'api' | 'api_triggered' | 'transactional';
  archived: boolean;
  tags: readonly string[];
  obeysCaps: boolean;
  countsTowardCaps: boolean;
  /** Quiet hours beside those of the workspace. Absent: none. */
  quietHours?: readonly QuietHours[];
  /** Whether it is sent within the workspace's quiet hours. Absent: it is not. */
  ignoresQuietHours?: true;
  /** How it is triggered. Absent: it is an API campaign, whose messages come with each request. */
  trigger?: CampaignTrigger;
  variations: ReadonlyMap<string, Variation>;
}

export interface Variation {
  id: string;
  name: string;
  channel: VariationChannel;
  /** Absent: people are not divided among variations; the message is in `messages` or comes with the request. */
  share?: VariationShare;
}

/** A variation that some of the people get. */
export interface VariationShare {
  /** Percent of the people. */
  weight: number;
  /** The unparsed message, as under `messages` of `/messages/send`. */
  message: RawObject;
}

/** What triggers of a campaign send, and to whom. */
export interface CampaignTrigger {
  paused: boolean;
  /** The segment whose people may get it. null: everybody who is named; a broadcast needs an audience. */
  segmentId: string | null;
  /** The global subscription states that it reaches. `all` also reaches people who have unsubscribed. */
  requiredState: 'opted_in' | 'subscribed' | 'all';
  /** The unparsed messages by channel, as in `/messages/send`. null: there are none yet. */
  messages: Readonly<Record<string, unknown>> | null;
  /** Percent of the people who get nothing, so that the others can be compared with them. */
  controlShare: number;
  /** The Canvas under whose id it may be triggered as well. null: none. */
  canvas: { id: string; name: string } | null;
}

export interface FrequencyCap {
  channel: CapFamily | 'any';
  maxSends: number;
  periodCount: number;
  periodUnit: 'minutes' | 'hours' | 'days' | 'weeks';
  tag: string | null;
}

/** Where events of a workspace are sent. */
export interface EventWebhook {
  name: string;
  url: string;
  /** The kinds of events that it gets. Empty: all. */
  kinds: readonly string[];
  /** Empty: all. */
  channels: readonly string[];
  secrets: WebhookSecrets;
}

/** Secrets of the Standard Webhooks scheme: `whsec_` and base64. */
export interface WebhookSecrets {
  secret: string;
  /** The secret before it, with which events are signed as well until a time. null: there is none. */
  previous: { secret: string; until: Date } | null;
}

export interface ApiKey {
  id: string;
  workspaceId: number;
  name: string;
  hash: Buffer;
  permissions: ReadonlySet<Permission>;
  /** Addresses and CIDR subnets that may use the key. Empty: any address. */
  allowFrom: readonly string[];
}

/** A segment, also one that was removed, because dispatches of before still mean it. */
export function segmentMeant(
  { segments, removedSegments }: Pick<WorkspaceCatalog, 'segments' | 'removedSegments'>,
  id: string,
): Segment | undefined {
  const key = idKey(id);
  return segments.get(key) ?? removedSegments?.get(key);
}

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The form of an id for comparisons: lower case if UUID-shaped, otherwise unchanged. */
export function idKey(id: string): string {
  return uuidShape.test(id) ? id.toLowerCase() : id;
}

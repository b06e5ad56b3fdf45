import { channelKeys } from '../../channels/channel.ts';
import { connectedContentSection } from '../../channels/connected-content.ts';
import { feedSettings } from '../../channels/content-card/settings.ts';
import { emailSection } from '../../channels/email/settings.ts';
import { groupProviderKinds, pushProviderKinds } from '../../channels/providers.ts';
import { trackingSection } from '../../channels/tracking.ts';
import { webhookSection } from '../../channels/webhook/settings.ts';
import { rangeProblem } from '../../lib/allow-list.ts';
import { isObject } from '../../lib/raw/json.ts';
import {
  checked,
  flag,
  integer,
  list,
  matching,
  object,
  oneOf,
  optional,
  type Read,
  refuse,
  required,
  requiredOrNull,
  type Shape,
  text,
} from '../../lib/raw/shape.ts';
import { idKey } from '../catalog.ts';
import { isCountry } from '../dialing-codes.ts';
import { eventKinds, secretProblem, webhookUrlProblem } from '../event-webhooks.ts';
import { allPermissions } from '../keys/keys.ts';
import { quietWindows } from '../rules/quiet-hours.ts';
import { ITEM_CATALOGS_BYTES, rateBuckets, trackBatches, usualLateMinutes } from '../settings.ts';
import { providerMembers } from './providers.ts';

const MOST_GROUPS = 450; // adjacent-endpoints.md §10
const MOST_CAPS = 10; // eligibility.md §4.1
const MOST_TAGS = 1_000;
const MOST_WEBHOOKS = 20;

const uuid = lowerCased(
  matching(
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
    'a UUID (8-4-4-4-12 hex digits), as `uuidgen` or `node -p "crypto.randomUUID()"` makes one',
  ),
);
const opaqueId = lowerCased(text());
const range = checked(text(), rangeProblem);
const description = text({ max: 4_096, multiline: true, mayBeEmpty: true });
const whatsApp = { whatsapp: 'whats_app' } as const;

/** Channels and services, which people write for the provider of an app. */
const ofApps = {
  ...{ apple_push: 'apns', ios_push: 'apns', apple: 'apns', android_push: 'fcm', firebase: 'fcm', gcm: 'fcm' },
  ...{ kindle_push: 'adm', amazon: 'adm', web_push: 'vapid' },
};

const app = object(
  {
    id: required(uuid),
    name: required(text()),
    platform: required(oneOf(['ios', 'android', 'kindle', 'web'])),
    ...providerMembers(...pushProviderKinds),
    content_cards: optional(feedSettings, null),
  },
  ofApps,
);

export const audienceSection = object({
  missing_number_is_zero: optional(flag, true),
});

export const requestsSection = object({
  key_in_body: optional(flag, false),
  strict_content_type: optional(flag, false),
});

export const liquidSection = object({
  escape_html_by_default: optional(flag, false),
});

const country = checked(text(), (value) =>
  isCountry(value) ? null : 'expected a country as two capital letters, such as AT',
);

export const schedulesSection = object({
  late_minutes: optional(integer(0, 10_080), usualLateMinutes),
});

/** Every process holds them in memory. */
const MOST_BLOCKED_IDS = 1_000;

export const usersSection = object({
  track_batch: optional(oneOf(trackBatches), 'per_array' as const),
  blocked_ids: optional(list(text(), MOST_BLOCKED_IDS), []),
});

const subscriptionGroup = object({
  id: required(uuid),
  name: required(text()),
  channel: required(oneOf(['email', 'sms', 'whats_app'], whatsApp)),
  description: optional(description, ''),
  archived: optional(flag, false),
  countries: optional(list(country, 300), null),
  ...providerMembers(...groupProviderKinds),
});

/** A filter, which the audience's parser checks later. null: everybody; it must be given. */
const anyFilter: Shape<unknown> = (value) => value;

const segment = object({
  id: required(uuid),
  name: required(text()),
  description: optional(description, ''),
  tags: optional(list(text(), 100), []),
  analytics_tracking_enabled: optional(flag, false),
  archived: optional(flag, false),
  filter: requiredOrNull(anyFilter),
});

/** A message, which the schema of its channel checks later. */
const anyMessage: Shape<Record<string, unknown>> = (value, path, problems) =>
  isObject(value) ? value : refuse(problems, path, 'expected an object with a message');

const variation = object({
  id: required(opaqueId),
  name: optional(text(), null),
  channel: required(
    oneOf(
      ['ios_push', 'android_push', 'kindle_push', 'web_push', 'email', 'sms', 'whats_app', 'webhook', 'content_cards'],
      whatsApp,
      {
        apple_push: 'ios_push',
        android: 'android_push',
        ios: 'ios_push',
        content_card: 'content_cards',
        mail: 'email',
      },
    ),
  ),
  weight: optional(integer(1, 100), null),
  message: optional(anyMessage, null),
});

const canvas = object({
  id: required(opaqueId),
  name: required(text()),
});

/** Messages by channel, which the channels' schemas check later. */
const anyMessages: Shape<Record<string, unknown>> = (value, path, problems) =>
  isObject(value) ? value : refuse(problems, path, 'expected an object with messages by channel');

const campaign = object({
  id: required(opaqueId),
  name: required(text()),
  description: optional(description, ''),
  kind: required(oneOf(['api', 'api_triggered', 'transactional'])),
  tags: optional(list(text(), 100), []),
  archived: optional(flag, false),
  paused: optional(flag, false),
  segment_id: optional(uuid, null),
  recipient_subscription_state: optional(oneOf(['opted_in', 'subscribed', 'all']), null),
  /** null: true, but false for a transactional campaign. */
  obeys_caps: optional(flag, null),
  counts_toward_caps: optional(flag, false),
  quiet_hours: optional(quietWindows('hold'), null),
  /** null: true, but false for a transactional campaign. */
  obeys_quiet_hours: optional(flag, null),
  variations: optional(list(variation, 100), []),
  messages: optional(anyMessages, null),
  control_share: optional(integer(0, 99), 0),
  canvas: optional(canvas, null),
});

const ofCaps = {
  ...Object.fromEntries(['max', 'limit', 'count', 'times', 'most', 'sends'].map((name) => [name, 'max_sends'])),
  ...Object.fromEntries(
    ['period', 'window', 'per', 'interval'].map((name) => [name, 'say it with period_count and period_unit']),
  ),
  ...Object.fromEntries(
    ['minutes', 'hours', 'days', 'weeks'].map((unit) => [unit, `say period_count: …, period_unit: ${unit}`]),
  ),
  unit: 'period_unit',
};
const units = { minute: 'minutes', hour: 'hours', day: 'days', week: 'weeks' } as const;
/** The names of channels in messages, where a cap counts by families. */
const capChannels = {
  apple_push: 'push',
  ios_push: 'push',
  android_push: 'push',
  web_push: 'push',
  mail: 'email',
  all: 'any',
} as const;

const frequencyCap = object(
  {
    channel: required(oneOf(['push', 'email', 'sms', 'webhook', 'whats_app', 'any'], whatsApp, capChannels)),
    max_sends: required(integer(1, 1_000_000)),
    period_count: required(integer(1, 43_200)),
    period_unit: required(oneOf(['minutes', 'hours', 'days', 'weeks'], {}, units)),
    tag: optional(text(), null),
  },
  ofCaps,
);

const permissionList: Shape<(typeof allPermissions)[number][]> = (value, path, problems) => {
  if (value === 'all') return [...allPermissions];
  const read = list(oneOf(allPermissions))(value, path, problems);
  if (read?.length !== 0) return read && [...new Set(read)];
  return refuse(problems, path, 'expected at least one permission, or all');
};

const apiKey = object({
  name: required(text()),
  key: required(matching(/^[!#-&(-~]{16,256}$/, '16 to 256 visible ASCII characters without quotes')),
  permissions: required(permissionList),
  allow_from: optional(list(range, 1_000), []),
});

export const itemCatalogsSection = object({
  storage_bytes: optional(integer(0, Number.MAX_SAFE_INTEGER), ITEM_CATALOGS_BYTES),
});

const mediaLibrary = object({
  storage_bytes: required(integer(0, Number.MAX_SAFE_INTEGER)),
});

export const eventsSection = object({
  verdicts: optional(flag, false),
  consent: optional(flag, false),
});

const webhookName = matching(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'up to 64 small letters, digits, - and _');

const eventWebhook = object({
  name: required(webhookName),
  url: required(checked(text({ max: 2_048 }), webhookUrlProblem)),
  secret: required(checked(text({ max: 256 }), secretProblem)),
  kinds: optional(list(oneOf(eventKinds), 100), []),
  channels: optional(list(oneOf(channelKeys), 100), []),
});

const mostRequests = integer(0, 1_000_000_000);
const limits = object(Object.fromEntries(rateBuckets.map((name) => [name, optional(mostRequests, null)])));

/** Reads the limits that are given. */
const rateLimits: Shape<Record<string, number>> = (value, path, problems) => {
  const read = limits(value, path, problems);
  const given = Object.entries(read ?? {}).filter((entry): entry is [string, number] => entry[1] !== null);
  return read && Object.fromEntries(given);
};

const timeZone = checked(text(), (value) => {
  try {
    // Refuses offsets such as +01:00, because PostgreSQL reads their sign the other way round.
    if (/^[A-Za-z]/.test(value) && new Intl.DateTimeFormat('en', { timeZone: value })) return null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 'expected the name of a time zone such as Europe/Vienna';
});

/** The workspace file. A missing section leaves its part of the workspace as it is. */
export const workspaceShape = object({
  name: optional(text(), null),
  time_zone: optional(timeZone, null),
  apps: optional(list(app), []),
  email: optional(emailSection, null),
  webhook: optional(webhookSection, null),
  connected_content: optional(connectedContentSection, null),
  tracking: optional(trackingSection, null),
  audience: optional(audienceSection, null),
  requests: optional(requestsSection, null),
  liquid: optional(liquidSection, null),
  schedules: optional(schedulesSection, null),
  users: optional(usersSection, null),
  tags: optional(list(text(), MOST_TAGS), null),
  item_catalogs: optional(itemCatalogsSection, null),
  media_library: optional(mediaLibrary, null),
  subscription_groups: optional(list(subscriptionGroup, MOST_GROUPS), []),
  segments: optional(list(segment), []),
  campaigns: optional(list(campaign), []),
  frequency_caps: optional(list(frequencyCap, MOST_CAPS), null),
  /** What the original's do within them is to abort, so these do too unless they say `hold`. */
  quiet_hours: optional(quietWindows('drop'), null),
  events: optional(eventsSection, null),
  event_webhooks: optional(list(eventWebhook, MOST_WEBHOOKS), null),
  rate_limits: optional(rateLimits, null),
  api_keys: optional(list(apiKey), []),
});

export type WorkspaceFile = Read<typeof workspaceShape>;

function lowerCased(shape: Shape<string>): Shape<string> {
  return (value, path, problems) => {
    const id = shape(value, path, problems);
    return id === undefined ? undefined : idKey(id);
  };
}

import { emailSection, emailSettings } from '../channels/email/settings.ts';
import { trackingSection } from '../channels/tracking.ts';
import { webhookSection } from '../channels/webhook/settings.ts';
import type { TrackBatch, WorkspaceSettings } from './catalog.ts';
import { quietWindows } from './rules/quiet-hours.ts';
import { readStored } from './stored-settings.ts';

/** The value of `workspaces.settings`: the settings without their secrets. A missing member has its default. */
export interface StoredSettings {
  email?: object;
  webhook?: object;
  tracking?: object;
  audience?: { missing_number_is_zero?: boolean };
  requests?: { key_in_body?: boolean; strict_content_type?: boolean };
  liquid?: { escape_html_by_default?: boolean };
  schedules?: { late_minutes?: number };
  users?: { track_batch?: TrackBatch; blocked_ids?: readonly string[] };
  /** Tags that stored content may have, beside those of campaigns and segments. Read in the database only. */
  tags?: readonly string[];
  item_catalogs?: { storage_bytes?: number };
  media_library?: { storage_bytes?: number };
  /** `consent` is read in the database only. */
  events?: { verdicts?: boolean; consent?: boolean };
  quiet_hours?: readonly object[];
  rate_limits?: Readonly<Record<string, number>>;
}

/** Bytes of the items of all item catalogs of a workspace, unless its file says otherwise. */
export const ITEM_CATALOGS_BYTES = 2_147_483_648;

/** Reads the stored settings. `sealedEmail`: the opened members of its section `email`. Throws StoredSettingsError, which names `place`, when they cannot be used. */
export function settingsFrom(stored: StoredSettings, sealedEmail: object, place = 'workspaces'): WorkspaceSettings {
  const {
    email = {},
    webhook = {},
    audience = {},
    requests = {},
    schedules = {},
    users = {},
    rate_limits = {},
  } = stored;
  const { item_catalogs = {} } = stored;
  return {
    email: emailSettings(readStored(emailSection, { ...email, ...sealedEmail }, place, 'email')),
    webhook: readStored(webhookSection, webhook, place, 'webhook'),
    audience: { missingNumberIsZero: audience.missing_number_is_zero ?? true },
    requests: {
      keyInBody: requests.key_in_body ?? false,
      strictContentType: requests.strict_content_type ?? false,
    },
    schedules: { lateMs: (schedules.late_minutes ?? usualLateMinutes) * 60_000 },
    users: {
      trackBatch: users.track_batch ?? 'per_array',
      ...(users.blocked_ids?.length && { blockedIds: new Set(users.blocked_ids) }),
    },
    itemCatalogs: { storageBytes: item_catalogs.storage_bytes ?? ITEM_CATALOGS_BYTES },
    ...(stored.media_library?.storage_bytes !== undefined && {
      mediaLibrary: { storageBytes: stored.media_library.storage_bytes },
    }),
    ...(stored.tracking !== undefined && { tracking: readStored(trackingSection, stored.tracking, place, 'tracking') }),
    ...(stored.quiet_hours?.length && {
      quietHours: readStored(quietWindows('drop'), stored.quiet_hours, place, 'quiet_hours'),
    }),
    ...(stored.liquid?.escape_html_by_default === true && { escapesHtml: true }),
    ...(stored.events?.verdicts === true && { hasVerdictEvents: true }),
    rateLimits: rate_limits,
  };
}

/** How late a scheduled message may be sent, by default, in minutes. Source: adjacent-endpoints.md §4.1. */
export const usualLateMinutes = 60;

/** How the 75 objects of a /users/track request are counted: each array by itself, or all three together. */
export const trackBatches = ['per_array', 'combined'] as const;

/** Names of the rate buckets whose limits an operator may set. */
export const rateBuckets = [
  'default',
  'status',
  'send_broadcast:/messages/send',
  'send_broadcast:/campaigns/trigger/send',
  'send_broadcast:/campaigns/trigger/schedule/create',
  'send_broadcast:/canvas/trigger/send',
  'send_broadcast:/canvas/trigger/schedule/create',
  'broadcast_per_audience',
  'users_track',
  'users_track_bulk',
  'users_track_sync',
  'users_identity',
  'users_external_ids_rename',
  'users_external_ids_remove',
  'users_export_ids',
  'users_export_ids_with_fields',
  'subscription_set',
  'reporting_names',
  'sends_id_create',
  'campaigns_data_series',
  'preference_center_read',
  'preference_center_write',
  'media_library_create',
  'media_library_replace',
  'audience',
  'web_push_subscriptions',
  'content_cards_feed',
  'content_cards_events',
  'catalogs_sync',
  'catalogs_items_sync',
  'catalogs_items_async',
  'catalogs_fields_selections',
] as const;

/** Names of the rows that hold sealed values. The name is bound to the value, so that it does not open in another row. */
export const places = {
  workspace: (id: number) => `workspaces/${id}`,
  app: (id: string) => `apps/${id}`,
  feed: (id: string) => `apps/${id}/content_cards`,
  subscriptionGroup: (id: string) => `subscription_groups/${id}`,
  connectedContent: (id: number) => `workspaces/${id}/connected_content`,
  eventWebhook: (workspaceId: number, name: string) => `event_webhooks/${workspaceId}/${name}`,
};

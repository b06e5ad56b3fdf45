import type { SmtpRelay, WorkspaceSettings } from './catalog.ts';

/** What `workspaces.settings` holds: the settings without their secrets. A missing member has its default. */
export interface StoredSettings {
  email?: { default_from?: string | null; list_unsubscribe?: boolean; footer?: string | null };
  webhook?: { deliver?: boolean; allow?: readonly string[] };
  audience?: { missing_number_is_zero?: boolean };
  rate_limits?: Readonly<Record<string, number>>;
}

export function settingsFrom(stored: StoredSettings, smtp: readonly SmtpRelay[] | null): WorkspaceSettings {
  const { email = {}, webhook = {}, audience = {}, rate_limits = {} } = stored;
  return {
    email: {
      defaultFrom: email.default_from ?? null,
      smtp,
      listUnsubscribe: email.list_unsubscribe ?? false,
      footer: email.footer ?? null,
    },
    webhook: { deliver: webhook.deliver ?? false, allow: webhook.allow ?? [] },
    audience: { missingNumberIsZero: audience.missing_number_is_zero ?? true },
    rateLimits: rate_limits,
  };
}

/** The names under which requests are counted, and whose limits an operator may set. */
export const rateBuckets = [
  'default',
  'send_broadcast:/messages/send',
  'users_track',
  'users_identity',
  'users_export_ids',
  'users_export_ids_with_fields',
  'audience',
  'web_push_subscriptions',
] as const;

/** Where a sealed value belongs; bound to it, so that a value moved to another row does not open. */
export const places = {
  workspace: (id: number) => `workspaces/${id}`,
  app: (id: string) => `apps/${id}`,
  subscriptionGroup: (id: string) => `subscription_groups/${id}`,
};

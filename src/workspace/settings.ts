import { emailSection, emailSettings, type SmtpRelay } from '../channels/email/settings.ts';
import { webhookSection } from '../channels/webhook/settings.ts';
import type { WorkspaceSettings } from './catalog.ts';
import { readStored } from './stored-settings.ts';

/** What `workspaces.settings` holds: the settings without their secrets. A missing member has its default. */
export interface StoredSettings {
  email?: object;
  webhook?: object;
  audience?: { missing_number_is_zero?: boolean };
  rate_limits?: Readonly<Record<string, number>>;
}

/** Throws StoredSettingsError, which names `place`, when what is stored is no such settings. */
export function settingsFrom(
  stored: StoredSettings,
  smtp: readonly SmtpRelay[] | null,
  place = 'workspaces',
): WorkspaceSettings {
  const { email = {}, webhook = {}, audience = {}, rate_limits = {} } = stored;
  return {
    email: { ...emailSettings(readStored(emailSection, email, place, 'email')), smtp },
    webhook: readStored(webhookSection, webhook, place, 'webhook'),
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

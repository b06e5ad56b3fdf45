import { useQuery } from '@tanstack/react-query';
import { read } from '../../lib/api.ts';

/** A secret, of which only this is known here. */
export interface Secret {
  secret: true;
  digest: string | null;
  shown?: string;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Members = Readonly<Record<string, Json>>;

export interface App extends Members {
  id: string;
  name: string;
  platform: string;
}

export interface Group extends Members {
  id: string;
  name: string;
  channel: string;
}

export interface Definitions {
  name: string;
  time_zone: string;
  apps?: readonly App[];
  email?: Members & { smtp?: readonly (Members & { name: string })[] };
  subscription_groups?: readonly Group[];
  frequency_caps?: readonly Cap[];
  quiet_hours?: readonly Quiet[];
  rate_limits?: Readonly<Record<string, number>>;
  event_webhooks?: readonly (Members & { name: string; url: string })[];
  [section: string]: unknown;
}

interface Cap {
  channel: string;
  max_sends: number;
  period_count: number;
  period_unit: string;
  tag?: string;
}

export interface Quiet {
  from: string;
  until: string;
  action: string;
  channels: readonly string[];
}

export interface Settings {
  definitions: Definitions;
  campaign_quiet_hours: readonly { campaign_id: string; name: string; windows: readonly Quiet[] }[];
  blocked_attributes: readonly string[];
}

/** Everything that is defined, secrets left out. */
export function useSettings() {
  return useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => read<Settings>('settings', signal) });
}

/** How an app, a group or a relay fares. */
export interface Fares {
  state: string;
  cause?: string | null;
  reason?: string | null;
  since?: string | null;
}

/** The states of apps by id, of groups by id, and of relays by name. */
export function useStates() {
  return useQuery({
    queryKey: ['account-states'],
    queryFn: async ({ signal }) => {
      const [{ apps }, { accounts }, { relays, events }] = await Promise.all([
        read<{ apps: (Fares & { id: string })[] }>('push/apps', signal),
        read<{ accounts: (Fares & { subscription_group_id: string })[] }>('subscription/accounts', signal),
        read<{ relays: (Fares & { name: string })[]; events: { service: string; url: string }[] }>(
          'email/relays',
          signal,
        ),
      ]);
      return {
        apps: new Map(apps.map((one) => [one.id, one])),
        groups: new Map(accounts.map((one) => [one.subscription_group_id, one])),
        relays: new Map(relays.map((one) => [one.name, one])),
        events,
      };
    },
    refetchInterval: 5_000,
  });
}

export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && 'secret' in value && value.secret === true;
}

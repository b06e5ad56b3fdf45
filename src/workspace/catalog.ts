import type { CapFamily, VariationChannel } from '../channels/channel.ts';
import type { ChannelSettings } from '../channels/channel-settings.ts';
import type { Platform } from '../channels/provider.ts';
import type { GroupProvider, PushProvider } from '../channels/providers.ts';
import type { Permission } from './permissions.ts';

/**
 * What an operator has defined, as one immutable snapshot in memory: looked up on every request, never queried.
 * UUID-shaped ids are lower-cased in the maps; look up with `idKey`.
 */
export interface Catalog {
  workspace(id: number): WorkspaceCatalog | undefined;
  /** Whose app this is; ids of apps are unique over all workspaces. */
  workspaceOfApp(appId: string): WorkspaceCatalog | undefined;
  /** By SHA-256 of the key. */
  apiKey(hash: Buffer): ApiKey | undefined;
}

export interface WorkspaceCatalog {
  id: number;
  name: string;
  timeZone: string;
  settings: WorkspaceSettings;
  apps: ReadonlyMap<string, App>;
  subscriptionGroups: ReadonlyMap<string, SubscriptionGroup>;
  segments: ReadonlyMap<string, Segment>;
  campaigns: ReadonlyMap<string, Campaign>;
  frequencyCaps: readonly FrequencyCap[];
}

/** What segments may refer to, by `idKey`. */
export interface Definitions {
  apps: ReadonlyMap<string, unknown>;
  subscriptionGroups: ReadonlyMap<string, { archived: boolean }>;
  segments: ReadonlyMap<string, Segment>;
  campaigns: ReadonlyMap<string, unknown>;
}

export interface WorkspaceSettings extends ChannelSettings {
  audience: {
    /** Whether a person without a number passes "exactly 0" and "less than". */
    missingNumberIsZero: boolean;
  };
  /** Requests per window that differ from the defaults, by bucket name. */
  rateLimits: Readonly<Record<string, number>>;
}

export interface App {
  id: string;
  name: string;
  platform: Platform;
  /** Absent: its messages go to the sandbox. */
  provider?: PushProvider;
}

export interface SubscriptionGroup {
  id: string;
  name: string;
  channel: 'email' | 'sms' | 'whats_app';
  archived: boolean;
  /** Absent: its messages go to the sandbox. */
  provider?: GroupProvider;
}

export interface Segment {
  id: string;
  name: string;
  /** The filter as given (connected audience object); null = everybody. */
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
  variations: ReadonlyMap<string, { id: string; name: string; channel: VariationChannel }>;
}

export interface FrequencyCap {
  channel: CapFamily | 'any';
  maxSends: number;
  periodCount: number;
  periodUnit: 'minutes' | 'hours' | 'days' | 'weeks';
  tag: string | null;
}

export interface ApiKey {
  id: string;
  workspaceId: number;
  name: string;
  hash: Buffer;
  permissions: ReadonlySet<Permission>;
  /** CIDR; empty = any address. */
  allowFrom: readonly string[];
}

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** UUID-shaped ids compare case-insensitively, all others exactly. */
export function idKey(id: string): string {
  return uuidShape.test(id) ? id.toLowerCase() : id;
}

import { hash } from 'node:crypto';
import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Relay, RelayPool } from '../../channels/sender.ts';
import type { App, Catalog, SubscriptionGroup, WorkspaceCatalog } from '../../workspace/catalog.ts';

/** What is paused: the account of an app or of a subscription group, by its id, or a relay, by its name. */
export type Subject = `app ${string}` | `group ${string}` | `relay ${string}`;

export function appSubject(appId: string): Subject {
  return `app ${appId}`;
}

export function groupSubject(groupId: string): Subject {
  return `group ${groupId}`;
}

export function relaySubject(name: string): Subject {
  return `relay ${name}`;
}

/** null: the subject is no app. */
export function appIdOf(subject: Subject): string | null {
  return /^app (.*)$/s.exec(subject)?.[1] ?? null;
}

/** null: the subject is no subscription group. */
export function groupIdOf(subject: Subject): string | null {
  return /^group (.*)$/s.exec(subject)?.[1] ?? null;
}

/**
 * What a dispatch waits for while a subject is paused: its app or group, or any of the workspace's relays, because one that works
 * is enough.
 */
export function waitFor(subject: Subject): string {
  return subject.startsWith('relay ') ? 'relays' : subject;
}

/** null: the channel has no relays. */
export function relayPoolOf(channel: ChannelKey): RelayPool | null {
  const { providers } = channels[channel];
  return (providers?.of === 'workspace' && providers.relays) || null;
}

export function relaysOf({ settings }: WorkspaceCatalog, channel: ChannelKey): readonly Relay[] {
  return relayPoolOf(channel)?.list(settings) ?? [];
}

/** The channels with relays. */
export const relayChannels: readonly ChannelKey[] = channelKeys.filter((key) => relayPoolOf(key) !== null);

/** A relay of a workspace, with what all relays of its channel share. undefined: there is none of this name. */
export function findRelay(
  workspace: WorkspaceCatalog | undefined,
  subject: Subject,
): { relay: Relay; pool: RelayPool } | undefined {
  if (workspace === undefined) return undefined;
  for (const channel of relayChannels) {
    const pool = relayPoolOf(channel);
    const relay = pool?.list(workspace.settings).find(({ name }) => relaySubject(name) === subject);
    if (pool !== null && relay !== undefined) return { relay, pool };
  }
  return undefined;
}

export function digestOfApp({ provider }: App): string {
  return digest(provider ?? null);
}

export function digestOfGroup({ provider }: Pick<SubscriptionGroup, 'provider'>): string {
  return digest(provider ?? null);
}

export function digestOfRelay({ url }: Pick<Relay, 'url'>): string {
  return digest(url);
}

/** The name that the operator gave an app, a subscription group or a relay. undefined: there is none any more. */
export function nameOfSubject(
  catalog: Catalog,
  { workspaceId, subject }: { workspaceId: number; subject: Subject },
): string | undefined {
  const workspace = catalog.workspace(workspaceId);
  const group = workspace?.subscriptionGroups.get(groupIdOf(subject) ?? '');
  const app = workspace?.apps.get(appIdOf(subject) ?? '');
  return (app ?? group ?? findRelay(workspace, subject)?.relay)?.name;
}

/** The digest of the subject's present settings. null: there is no such subject any more. */
export function digestNow(catalog: Catalog, workspaceId: number, subject: Subject): string | null {
  const workspace = catalog.workspace(workspaceId);
  const found = findRelay(workspace, subject);
  if (found !== undefined) return digestOfRelay(found.relay);
  const group = workspace?.subscriptionGroups.get(groupIdOf(subject) ?? '');
  if (group !== undefined) return digestOfGroup(group);
  const app = workspace?.apps.get(appIdOf(subject) ?? '');
  return app === undefined ? null : digestOfApp(app);
}

function digest(settings: unknown): string {
  return hash('sha256', JSON.stringify(settings), 'hex').slice(0, 32);
}

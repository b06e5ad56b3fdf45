import type { ChannelKey } from '../../../channels/channel.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { OperatorRoute } from '../route.ts';

/** Segments that are offered. Others can be named by their id. */
const MOST_SEGMENTS = 1_000;

const pushOf = { android: 'android_push', ios: 'apple_push', kindle: 'kindle_push', web: 'web_push' } as const;

/** What a message can be composed with: apps, groups, segments, and which channels leave this server. */
export function composeRoutes({ catalog }: { catalog: Catalog }): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/compose',
      role: 'sender',
      async handle({ workspaceId }) {
        const workspace = loadedWorkspace(catalog, workspaceId);
        return { status: 200, body: { ...offered(workspace), message: 'success' } };
      },
    },
  ];
}

function offered(workspace: WorkspaceCatalog): object {
  const { apps, subscriptionGroups, settings } = workspace;
  const segments = [...workspace.segments.values()].filter(({ archived }) => !archived);
  const named = segments.map(({ id, name }) => ({ id, name })).sort(byName);
  return {
    apps: [...apps.values()].map(({ id, name, platform }) => ({ id, name, platform })).sort(byName),
    groups: [...subscriptionGroups.values()]
      .filter(({ archived }) => !archived)
      .map(({ id, name, channel }) => ({ id, name, channel }))
      .sort(byName),
    segments: named.slice(0, MOST_SEGMENTS),
    segments_left_out: Math.max(0, named.length - MOST_SEGMENTS),
    default_from: settings.email.defaultFrom,
    outside: [...outsideOf(workspace)].sort(),
  };
}

/** The channels of which at least some messages leave this server, or reach people through its feed. */
function outsideOf({ apps, subscriptionGroups, settings }: WorkspaceCatalog): Set<ChannelKey> {
  const channels = new Set<ChannelKey>(['content_card']);
  if (settings.email.smtp !== null) channels.add('email');
  if (settings.webhook.deliver) channels.add('webhook');
  for (const { platform, provider } of apps.values()) if (provider !== undefined) channels.add(pushOf[platform]);
  for (const { channel, provider } of subscriptionGroups.values())
    if (provider !== undefined && channel !== 'email') channels.add(channel);
  return channels;
}

function byName(one: { name: string }, other: { name: string }): number {
  return one.name.localeCompare(other.name, 'en');
}

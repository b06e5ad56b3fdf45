import { type ChannelKey, channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { Platform } from '../../channels/provider.ts';
import { type ProviderKind, providerKinds } from '../../channels/providers.ts';
import type { MetersOptions, Way } from '../../metrics/meters.ts';
import type { SendStatus } from './states.ts';

/** The kind of provider that takes the messages of a channel, if they have one. `smtp` and `http`: the workspace names it. */
const providerOf: Readonly<Record<ChannelKey, string>> = Object.fromEntries(
  channelKeys.map((key) => [key, kindFor(key)]),
) as Record<ChannelKey, string>;

function kindFor(key: ChannelKey): string {
  const { address, providers } = channels[key];
  if (providers?.of === 'feed') return 'feed';
  if (providers?.of === 'workspace') return providers.relays === undefined ? 'http' : 'smtp';
  const fits = address.kind === 'push' ? address.platform : key;
  const kinds = Object.keys(providerKinds) as ProviderKind[];
  const kind = kinds.find((one) => providerKinds[one].fits === fits);
  if (kind === undefined) throw new Error(`no kind of provider fits ${key}`);
  return kind;
}

const ways = new Map<string, Way>();

function way(channel: ChannelKey, provider: string): Way {
  const known = ways.get(`${channel} ${provider}`);
  if (known !== undefined) return known;
  const made = { channel, provider };
  ways.set(`${channel} ${provider}`, made);
  return made;
}

/** The way of a message that a provider was asked to take. */
export function wayToProvider(channel: ChannelKey): Way {
  return way(channel, providerOf[channel]);
}

/** The way of a push to an app of this platform. */
export function wayOfPlatform(platform: Platform): Way {
  const key = channelKeys.find((one) => {
    const { address } = channels[one];
    return address.kind === 'push' && address.platform === platform;
  });
  if (key === undefined) throw new Error(`no channel has pushes for ${platform}`);
  return wayToProvider(key);
}

/** The way of a message with this verdict. `keptIn`: where the server keeps it instead of asking a provider. */
export function wayOf(channel: ChannelKey, keptIn: 'sandbox' | 'feed' | null): Way {
  return keptIn === 'sandbox' ? way(channel, 'sandbox') : wayToProvider(channel);
}

/** The way of a message that was refused before anybody was asked. */
export function wayOfRefused(channel: ChannelKey): Way {
  return way(channel, 'none');
}

const refusals: readonly SendStatus[] = ['skipped', 'aborted', 'expired'];
const results: readonly SendStatus[] = ['sent', 'failed', 'bounced', 'expired', 'unknown'];
/** What the answer of a provider may mean for a message, unless it was accepted. */
const failures = ['retry', 'bounced', 'failed', 'config_error', 'expired', 'unknown'];

/** What is counted from the start, at 0. */
export const knownCounts: MetersOptions['known'] = {
  sends: channelKeys.flatMap((channel) => [
    ...refusals.map((verdict) => ({ ...wayOfRefused(channel), verdict })),
    ...results.map((verdict) => ({ ...wayToProvider(channel), verdict })),
    ...results.map((verdict) => ({ ...wayOf(channel, 'sandbox'), verdict })),
  ]),
  calls: channelKeys.filter((channel) => channels[channel].providers?.of !== 'feed').map(wayToProvider),
  failures,
};

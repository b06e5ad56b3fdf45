import { channelKeys, type VariationChannel } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import { own } from '../../../lib/raw/json.ts';
import type { Campaign } from '../../../workspace/catalog.ts';

/**
 * The channels that messages of a campaign can have: those of its variations, then those of the messages that it holds. An
 * API campaign without variations has none, because each of its messages must name a variation.
 */
export function channelsOf({ variations, trigger }: Campaign): VariationChannel[] {
  const messages = trigger?.messages ?? {};
  const held = channelKeys.filter((key) => own(messages, key) !== undefined);
  return [
    ...new Set([
      ...[...variations.values()].map(({ channel }) => channel),
      ...held.map((key) => channels[key].variationChannel),
    ]),
  ];
}

import type { ChannelSettings } from '../channel-settings.ts';
import type { Sender, SenderOptions } from '../sender.ts';
import { createRelays } from './relays.ts';
import type { RenderedEmail } from './rendered.ts';

/** Most connections of a process to one relay, for each lane. */
const MAX_CONNECTIONS = 10;

/** A sender over the workspace's relays. null: it has none. */
export function openEmailSender(
  { email: { smtp } }: ChannelSettings,
  { nowMs, threads, log }: SenderOptions,
): Sender<RenderedEmail> | null {
  if (smtp === null) return null;
  const relays = createRelays({
    relays: smtp,
    maxConnections: Math.ceil(MAX_CONNECTIONS / threads),
    nowMs,
    onPaused: (relay, untilMs, reason) =>
      log.warn({ relay, until: new Date(untilMs), reason }, 'a mail relay keeps failing and is paused'),
    onRefused: (relay, reason) => log.error({ relay, reason }, 'a mail relay refuses our settings'),
  });
  return {
    async deliver({ rendered, address, sendId }) {
      if (address === null) throw new Error('a mail to send has no address');
      const { outcome, relay } = await relays.deliver({ rendered, to: address, messageId: sendId });
      if (smtp.length === 1 || relay === null || outcome.kind === 'expired') return outcome;
      return { ...outcome, detail: [`relay ${relay}`, outcome.detail].filter((text) => text !== undefined).join(': ') };
    },
    close: () => relays.close(),
  };
}

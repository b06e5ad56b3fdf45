import type { ChannelSettings } from '../channel-settings.ts';
import type { Sender, SenderOptions } from '../sender.ts';
import { createRelays } from './relays.ts';
import type { RenderedEmail } from './rendered.ts';

/** Most connections of a process to one relay, for each lane. */
const MAX_CONNECTIONS = 10;

/** A sender over the workspace's relays. null: it has none. */
export function openEmailSender(
  { email: { smtp } }: ChannelSettings,
  { nowMs, threads, pauses }: SenderOptions,
): Sender<RenderedEmail> | null {
  if (smtp === null) return null;
  const maxConnections = Math.ceil(MAX_CONNECTIONS / threads);
  const relays = createRelays({ relays: smtp, maxConnections, nowMs, pauses });
  return {
    async deliver({ rendered, address, sendId }, signal) {
      if (address === null) throw new Error('a mail to send has no address');
      const { outcome, relay } = await relays.deliver({ rendered, to: address, messageId: sendId }, signal);
      if (smtp.length === 1 || relay === null || outcome.kind === 'held' || outcome.kind === 'expired') return outcome;
      return { ...outcome, detail: [`relay ${relay}`, outcome.detail].filter((text) => text !== undefined).join(': ') };
    },
    close: () => relays.close(),
  };
}

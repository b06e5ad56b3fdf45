import type { ChannelSettings } from '../channel-settings.ts';
import type { Sender, SenderOptions } from '../sender.ts';
import { createRelays } from './relays.ts';
import type { RenderedEmail } from './rendered.ts';

/** Most connections of a process to one relay, for each lane. */
const MOST_CONNECTIONS = 10;

/** Null when the workspace has no relay. */
export function openEmailSender(
  { email: { smtp } }: ChannelSettings,
  { nowMs, threads, log }: SenderOptions,
): Sender<RenderedEmail> | null {
  if (smtp === null) return null;
  const relays = createRelays({
    relays: smtp,
    maxConnections: Math.ceil(MOST_CONNECTIONS / threads),
    nowMs,
    onRest: (relay, untilMs, reason) =>
      log.warn({ relay, until: new Date(untilMs), reason }, 'a mail relay is left alone for a while'),
    onRefused: (relay, reason) => log.error({ relay, reason }, 'a mail relay refuses our settings'),
  });
  return {
    async deliver({ rendered, address, sendId }) {
      if (address === null) throw new Error('an admitted mail has no address');
      const { outcome, relay } = await relays.deliver({ rendered, to: address, messageId: sendId });
      return smtp.length === 1 || relay === null ? outcome : { ...outcome, detail: `relay ${relay}` };
    },
    close: () => relays.close(),
  };
}

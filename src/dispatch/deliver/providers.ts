import type { Logger } from 'pino';
import type { ChannelKey } from '../../channels/channel.ts';
import { createRelays } from '../../channels/email/relays.ts';
import type { RenderedEmail } from '../../channels/email/rendered.ts';
import { createWebhookSender } from '../../channels/webhook/deliver.ts';
import type { RenderedWebhook } from '../../channels/webhook/rendered.ts';
import type { Parcel } from '../admit/parcel.ts';
import { publicId } from '../plan/loaded-dispatch.ts';
import { deliverPush, type PushDeps } from '../push/deliver-push.ts';
import type { ProviderMaker } from './deliveries.ts';

export interface ProvidersOptions {
  log: Logger;
  push: PushDeps;
  /** Most connections to one mail relay. */
  mailConnections: number;
}

/** The channels that really go out, if the workspace says how. All others go to the sandbox. */
export function createProviders({
  log,
  push,
  mailConnections,
}: ProvidersOptions): Partial<Record<ChannelKey, ProviderMaker>> {
  // Its senders live with the apps, not with the workspace's settings.
  const toDevices: ProviderMaker = () => ({
    deliver: (parcel, signal) => deliverPush(push, parcel, signal),
    close: () => Promise.resolve(),
  });
  return {
    android_push: toDevices,
    apple_push: toDevices,
    kindle_push: toDevices,
    web_push: toDevices,

    email({ settings }) {
      if (settings.email.smtp === null) return null;
      const relays = createRelays({
        relays: settings.email.smtp,
        maxConnections: mailConnections,
        nowMs: push.nowMs,
        onRest: (relay, untilMs, reason) =>
          log.warn({ relay, until: new Date(untilMs), reason }, 'a mail relay is left alone for a while'),
        onRefused: (relay, reason) => log.error({ relay, reason }, 'a mail relay refuses our settings'),
      });
      const isOne = settings.email.smtp.length === 1;
      return {
        async deliver(parcel) {
          if (parcel.address === null) throw new Error('an admitted mail has no address');
          const rendered = parcel.rendered as RenderedEmail;
          const mail = { rendered, to: parcel.address, messageId: sendId(parcel) };
          const { outcome, relay } = await relays.deliver(mail);
          return isOne || relay === null ? outcome : { ...outcome, detail: `relay ${relay}` };
        },
        close: () => relays.close(),
      };
    },

    webhook({ settings }) {
      if (!settings.webhook.deliver) return null;
      const sender = createWebhookSender({ allow: [...settings.webhook.allow] });
      return {
        deliver: (parcel, signal) =>
          sender.deliver(
            parcel.rendered as RenderedWebhook,
            { dispatchId: publicId(parcel.dispatch), key: sendId(parcel) },
            signal,
          ),
        close: () => sender.close(),
      };
    },
  };
}

/** The same on every attempt of one send, so that a receiver can tell a repetition. */
function sendId({ dispatch, send }: Parcel): string {
  return `${publicId(dispatch)}.${send.bucket}.${send.userId}`;
}

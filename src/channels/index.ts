import { androidPush } from './android-push/index.ts';
import { applePush } from './apple-push/index.ts';
import { type Channel, type ChannelKey, channelKeys, type VariationChannel } from './channel.ts';
import { contentCard } from './content-card/index.ts';
import { email } from './email/index.ts';
import { kindlePush } from './kindle-push/index.ts';
import { sms } from './sms/index.ts';
import { webPush } from './web-push/index.ts';
import { webhook } from './webhook/index.ts';
import { whatsApp } from './whats-app/index.ts';

/** Every channel, by its key under `messages`. */
export const channels: Readonly<Record<ChannelKey, Channel>> = {
  android_push: androidPush,
  apple_push: applePush,
  content_card: contentCard,
  email,
  kindle_push: kindlePush,
  sms,
  web_push: webPush,
  webhook,
  whats_app: whatsApp,
};

/** The key under `messages` of a kind of variation. */
export function keyOfVariation(kind: VariationChannel): ChannelKey {
  const key = channelKeys.find((known) => channels[known].variationChannel === kind);
  if (key === undefined) throw new Error(`no channel has variations of ${kind}`);
  return key;
}

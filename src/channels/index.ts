import { androidPush } from './android-push/index.ts';
import { applePush } from './apple-push/index.ts';
import type { Channel, ChannelKey } from './channel.ts';
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

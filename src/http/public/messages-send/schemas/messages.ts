import type { ChannelKey } from '../../../../channels/channel.ts';
import { given, ref, type Schema } from '../../../openapi/schema.ts';
import { otherSchemas } from './others.ts';
import { pushSchemas } from './push.ts';
import { whatsAppSchemas } from './whats-app.ts';

const byChannel = {
  android_push: 'AndroidPush',
  apple_push: 'ApplePush',
  content_card: 'ContentCard',
  email: 'Email',
  kindle_push: 'KindlePush',
  sms: 'Sms',
  web_push: 'WebPush',
  webhook: 'Webhook',
  whats_app: 'WhatsApp',
} as const satisfies Record<ChannelKey, string>;

const ofChannels = { ...pushSchemas, ...otherSchemas, ...whatsAppSchemas } satisfies Record<
  (typeof byChannel)[ChannelKey],
  Schema
>;

/** The schemas that operations refer to. */
export const messageSchemas: Readonly<Record<string, Schema>> = {
  ...ofChannels,
  Messages: given(
    Object.fromEntries(Object.entries(byChannel).map(([key, name]) => [key, ref(name)])),
    'One message for each channel. Members that are no channels are skipped, and `errors` says so.',
  ),
};
export const messages: Schema = ref('Messages');

import { createFcmSender } from './android-push/deliver.ts';
import { createApnsSender } from './apple-push/deliver.ts';
import { createAdmSender } from './kindle-push/deliver.ts';
import type { PushSenderMaker } from './push-sender.ts';
import { createWebPushSender } from './web-push/deliver.ts';

/** The way to each push provider, by the name it has in the workspace file. */
export const pushSenders = {
  adm: (options) => createAdmSender(options),
  apns: (options) => createApnsSender(options),
  fcm: (options) => createFcmSender(options),
  vapid: (options) => createWebPushSender(options),
} as const satisfies Record<string, PushSenderMaker>;

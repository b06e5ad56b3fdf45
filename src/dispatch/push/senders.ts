import { createFcmSender } from '../../channels/android-push/deliver.ts';
import { createApnsSender } from '../../channels/apple-push/deliver.ts';
import { createAdmSender } from '../../channels/kindle-push/deliver.ts';
import { createWebPushSender } from '../../channels/web-push/deliver.ts';
import type { PushSenders } from './app-lanes.ts';

/** Who talks to the providers of push messages. */
export const realPushSenders: PushSenders = {
  fcm: createFcmSender,
  apns: createApnsSender,
  adm: createAdmSender,
  vapid: createWebPushSender,
};

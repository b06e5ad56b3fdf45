import { createFcmSender } from '../android-push/deliver.ts';
import { createApnsSender } from '../apple-push/deliver.ts';
import { createAdmSender } from '../kindle-push/deliver.ts';
import type { ProviderOf, ProviderSettings, PushProviderKind } from '../providers.ts';
import { createWebPushSender } from '../web-push/deliver.ts';
import type { PushSender, PushSenderMaker, PushSenderOptions } from './sender.ts';

export type PushSenders = { [K in PushProviderKind]?: PushSenderMaker<ProviderSettings[K]> };

/** The sender of each push provider. */
export const pushSenders: Required<PushSenders> = {
  adm: (options) => createAdmSender(options),
  apns: (options) => createApnsSender(options),
  fcm: (options) => createFcmSender(options),
  vapid: (options) => createWebPushSender(options),
};

/** A sender for one app's account. null: `senders` has none for this kind of provider. */
export function openPushSender<K extends PushProviderKind>(
  senders: PushSenders,
  { kind, settings }: ProviderOf<K>,
  options: Omit<PushSenderOptions, 'settings'>,
): PushSender | null {
  const make: PushSenderMaker<ProviderSettings[K]> | undefined = senders[kind];
  return make?.({ ...options, settings }) ?? null;
}

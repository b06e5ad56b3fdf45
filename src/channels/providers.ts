import { type FcmSettings, fcm } from './android-push/settings.ts';
import { type ApnsSettings, apns } from './apple-push/settings.ts';
import { type AdmSettings, adm } from './kindle-push/settings.ts';
import type { ProviderDefinition } from './provider.ts';
import { type TwilioSettings, twilio } from './sms/settings.ts';
import { type VapidSettings, vapid } from './web-push/settings.ts';
import { type WhatsAppCloudSettings, whatsappCloud } from './whats-app/settings.ts';

/** The settings of one account, by the provider's name in the workspace file. */
export interface ProviderSettings {
  adm: AdmSettings;
  apns: ApnsSettings;
  fcm: FcmSettings;
  twilio: TwilioSettings;
  vapid: VapidSettings;
  whatsapp_cloud: WhatsAppCloudSettings;
}

export type ProviderKind = keyof ProviderSettings;

export const providerKinds: { readonly [K in ProviderKind]: ProviderDefinition<ProviderSettings[K]> } = {
  adm,
  apns,
  fcm,
  twilio,
  vapid,
  whatsapp_cloud: whatsappCloud,
};

/** The kinds of provider that an app may use. */
export const pushProviderKinds = ['adm', 'apns', 'fcm', 'vapid'] as const satisfies ProviderKind[];
export type PushProviderKind = (typeof pushProviderKinds)[number];

/** The kinds of provider that a subscription group may use. */
export const groupProviderKinds = ['twilio', 'whatsapp_cloud'] as const satisfies ProviderKind[];

/** An account with a provider of this kind. The settings hold secrets. */
export interface ProviderOf<K extends ProviderKind> {
  kind: K;
  settings: ProviderSettings[K];
}

/** An account with a provider of one of these kinds. */
export type ProviderAmong<K extends ProviderKind> = { [Kind in K]: ProviderOf<Kind> }[K];

export type Provider = ProviderAmong<ProviderKind>;
export type PushProvider = ProviderAmong<PushProviderKind>;
export type GroupProvider = ProviderAmong<(typeof groupProviderKinds)[number]>;

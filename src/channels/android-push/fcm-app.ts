import { createPrivateKey, type KeyObject } from 'node:crypto';
import { keyFileOf } from './key-file.ts';
import type { FcmSettings } from './settings.ts';

/** One app's settings for FCM, read. */
export interface FcmApp {
  origin: string;
  path: string;
  style: 'data' | 'notification';
  /** The notification channel of messages that name none. undefined: none. */
  channelId: string | undefined;
  account: ServiceAccount;
}

export interface ServiceAccount {
  clientEmail: string;
  keyId: string | undefined;
  key: KeyObject;
  /** The audience of our assertions. */
  tokenUri: string;
  /** The URL at which assertions are exchanged for tokens. */
  tokenUrl: string;
}

const FCM = 'https://fcm.googleapis.com';
const TOKEN_URI = 'https://oauth2.googleapis.com/token';

export function readFcmApp(settings: FcmSettings): FcmApp {
  const file = keyFileOf(settings.service_account);
  const base = new URL(settings.base_url ?? FCM);
  const tokenUri = file.tokenUri ?? TOKEN_URI;
  return {
    origin: base.origin,
    path: `${base.pathname.replace(/\/+$/, '')}/v1/projects/${encodeURIComponent(file.projectId)}/messages:send`,
    style: settings.payload_style ?? 'data',
    channelId: settings.notification_channel_id,
    account: {
      clientEmail: file.clientEmail,
      keyId: file.privateKeyId,
      key: createPrivateKey(file.privateKey),
      tokenUri,
      tokenUrl: settings.token_url ?? tokenUri,
    },
  };
}

import { createPrivateKey, type KeyObject } from 'node:crypto';

/** What the settings of one app say about FCM. */
export interface FcmApp {
  origin: string;
  path: string;
  style: 'data' | 'notification';
  /** Of messages that name none. */
  channelId: string | undefined;
  account: ServiceAccount;
}

export interface ServiceAccount {
  clientEmail: string;
  keyId: string | undefined;
  key: KeyObject;
  /** The audience of our assertions. */
  tokenUri: string;
  /** Where they are exchanged. */
  tokenUrl: string;
}

const FCM = 'https://fcm.googleapis.com';
const TOKEN_URI = 'https://oauth2.googleapis.com/token';

type Settings = Readonly<Record<string, string>>;

/** The Google project whose messages these are. */
export function projectOf(settings: Settings): string {
  return String(keyFileOf(settings).project_id);
}

/** Throws when the key file is none; the workspace file has been checked before. */
export function readFcmApp(settings: Settings): FcmApp {
  const file = keyFileOf(settings);
  const base = new URL(settings.base_url ?? FCM);
  const tokenUri = typeof file.token_uri === 'string' ? file.token_uri : TOKEN_URI;
  return {
    origin: base.origin,
    path: `${base.pathname.replace(/\/+$/, '')}/v1/projects/${encodeURIComponent(projectOf(settings))}/messages:send`,
    style: settings.payload_style === 'notification' ? 'notification' : 'data',
    channelId: settings.notification_channel_id,
    account: {
      clientEmail: String(file.client_email),
      keyId: typeof file.private_key_id === 'string' ? file.private_key_id : undefined,
      key: createPrivateKey(String(file.private_key)),
      tokenUri,
      tokenUrl: settings.token_url ?? tokenUri,
    },
  };
}

function keyFileOf({ service_account }: Settings): Record<string, unknown> {
  return JSON.parse(service_account ?? '') as Record<string, unknown>;
}

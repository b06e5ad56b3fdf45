import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import type { PushEnvironment } from '../push-sender.ts';
import type { ApnsSettings } from './settings.ts';

/** What the settings of one app say about APNs. */
export interface ApnsApp {
  topic: string;
  signer: Signer;
  hosts: Readonly<Record<PushEnvironment, ApnsHost>>;
  /** Which host is asked first about a token of which nothing is known. */
  first: PushEnvironment;
}

export interface Signer {
  teamId: string;
  keyId: string;
  key: KeyObject;
  /** The same for the same team, key id and key. */
  identity: string;
}

export interface ApnsHost {
  origin: string;
  /** In front of the path. */
  prefix: string;
}

export function readApnsApp(settings: ApnsSettings): ApnsApp {
  const { team_id: teamId, key_id: keyId, key, topic, base_url, base_url_development } = settings;
  const identity = createHash('sha256')
    .update(JSON.stringify([teamId, keyId, key]))
    .digest('base64');
  return {
    topic,
    signer: { teamId, keyId, key: createPrivateKey(key), identity },
    hosts: {
      production: hostOf(base_url ?? 'https://api.push.apple.com'),
      // A stand-in stands for both, unless it says otherwise.
      development: hostOf(base_url_development ?? base_url ?? 'https://api.sandbox.push.apple.com'),
    },
    first: settings.environment ?? 'production',
  };
}

function hostOf(url: string): ApnsHost {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

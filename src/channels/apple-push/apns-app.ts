import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import type { PushEnvironment } from '../push/sender.ts';
import type { ApnsSettings } from './settings.ts';

/** One app's settings for APNs, read. */
export interface ApnsApp {
  topic: string;
  signer: Signer;
  hosts: Readonly<Record<PushEnvironment, ApnsHost>>;
  /** The host that is tried first with a token whose host is unknown. */
  first: PushEnvironment;
}

export interface Signer {
  teamId: string;
  keyId: string;
  key: KeyObject;
  /** A hash of team, key id and key. */
  identity: string;
}

export interface ApnsHost {
  origin: string;
  /** The path of the base URL, in front of every request's path. */
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
      // A simulator serves as both hosts, unless `base_url_development` names another.
      development: hostOf(base_url_development ?? base_url ?? 'https://api.sandbox.push.apple.com'),
    },
    first: settings.environment ?? 'production',
  };
}

function hostOf(url: string): ApnsHost {
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

import { randomBytes } from 'node:crypto';
import { type ApnsKey, makeApnsKey } from './apns.ts';
import { makeCertificate } from './certificate.ts';
import { makeServiceAccount, type ServiceAccount } from './fcm.ts';
import type { TlsIdentity } from './listen.ts';
import { makeVapidKeys, type VapidKeys } from './vapid.ts';

/** What the stand-ins accept, kept from start to start. */
export interface Credentials {
  fcm: Omit<ServiceAccount, 'token_uri'>;
  apns: ApnsKey;
  adm: { clientId: string; clientSecret: string };
  vapid: VapidKeys;
  tls: TlsIdentity;
}

export function makeCredentials(): Credentials {
  return {
    fcm: makeServiceAccount(),
    apns: makeApnsKey(),
    adm: {
      clientId: `amzn1.application-oa2-client.${randomBytes(16).toString('hex')}`,
      clientSecret: randomBytes(32).toString('hex'),
    },
    vapid: makeVapidKeys(),
    tls: makeCertificate(),
  };
}

const members: Readonly<Record<keyof Credentials, readonly string[]>> = {
  fcm: ['type', 'project_id', 'private_key_id', 'private_key', 'client_email'],
  apns: ['teamId', 'keyId', 'key'],
  adm: ['clientId', 'clientSecret'],
  vapid: ['publicKey', 'privateKey'],
  tls: ['cert', 'key'],
};

/** Null for a text that holds anything else. */
export function readCredentials(text: string): Credentials | null {
  try {
    const value: unknown = JSON.parse(text);
    return isCredentials(value) ? value : null;
  } catch {
    return null;
  }
}

function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== 'object' || value === null) return false;
  const parts = new Map<string, unknown>(Object.entries(value));
  return Object.entries(members).every(([name, texts]) => {
    const part = parts.get(name);
    if (typeof part !== 'object' || part === null) return false;
    const given = new Map<string, unknown>(Object.entries(part));
    return texts.every((text) => typeof given.get(text) === 'string');
  });
}

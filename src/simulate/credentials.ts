import { randomBytes } from 'node:crypto';
import { isObject } from '../lib/raw/json.ts';
import { type ApnsKey, makeApnsKey } from './apns/apns.ts';
import { makeCertificate } from './certificate.ts';
import { makeServiceAccount, type ServiceAccount } from './fcm/fcm.ts';
import { readJson } from './json.ts';
import type { TlsIdentity } from './listen.ts';
import { type MailAccount, makeMailAccount } from './smtp/mail-account.ts';
import { makeTwilioAccount, type TwilioAccount } from './twilio/twilio.ts';
import { makeVapidKeys, type VapidKeys } from './web-push/vapid.ts';
import { makeWhatsAppAccount, type WhatsAppAccount } from './whats-app/whats-app-account.ts';

/** The credentials that the stand-ins accept. They stay the same from start to start. */
export interface Credentials {
  fcm: Omit<ServiceAccount, 'token_uri'>;
  apns: ApnsKey;
  adm: { clientId: string; clientSecret: string };
  vapid: VapidKeys;
  twilio: TwilioAccount;
  whatsapp: WhatsAppAccount;
  mail: MailAccount;
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
    twilio: makeTwilioAccount(),
    whatsapp: makeWhatsAppAccount(),
    mail: makeMailAccount(),
    tls: makeCertificate(),
  };
}

const members: Readonly<Record<keyof Credentials, readonly string[]>> = {
  fcm: ['type', 'project_id', 'private_key_id', 'private_key', 'client_email'],
  apns: ['teamId', 'keyId', 'key'],
  adm: ['clientId', 'clientSecret'],
  vapid: ['publicKey', 'privateKey'],
  twilio: ['accountSid', 'authToken', 'from', 'messagingServiceSid'],
  whatsapp: ['phoneNumberId', 'displayNumber', 'businessAccountId', 'accessToken', 'appSecret', 'verifyToken'],
  mail: [
    ...['username', 'password', 'sendGridKey', 'sendGridPublicKey', 'mailgunKey', 'resendSecret', 'postmarkPassword'],
    ...['snsKey', 'snsCertificate', 'snsTopic'],
  ],
  tls: ['cert', 'key'],
};

/** null: the text does not hold credentials. */
export function readCredentials(text: string): Credentials | null {
  const value = readJson(text);
  return isCredentials(value) ? value : null;
}

function isCredentials(value: unknown): value is Credentials {
  if (!isObject(value)) return false;
  return Object.entries(members).every(([name, texts]) => {
    const part = value[name];
    return isObject(part) && texts.every((text) => typeof part[text] === 'string');
  });
}

import { createECDH } from 'node:crypto';
import { exampleIds } from '../../../src/http/openapi/example-ids.ts';
import type { TestApp } from '../app.ts';

const pair = createECDH('prime256v1');
pair.setPrivateKey(Buffer.alloc(32, 7));
export const vapid = {
  subject: 'mailto:ops@acme.example',
  public_key: pair.getPublicKey().toString('base64url'),
  private_key: pair.getPrivateKey().toString('base64url'),
  identity_key: 'an identity key of at least 32 characters',
};

/** Secrets of `givenSettings`, which nothing may show. */
export const settingsSecrets = [
  vapid.private_key,
  vapid.identity_key,
  'the-token-of-twilio',
  'the-password-of-the-relay',
  'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'the-key-of-a-file',
];

/** Applies definitions of every kind that the pages of settings show, beside those of the world. `relay`, `twilio`: URLs. */
export async function givenSettings(
  app: TestApp,
  { relay = 'smtp://ada:the-password-of-the-relay@127.0.0.1:9', twilio = 'http://127.0.0.1:9' } = {},
): Promise<void> {
  await app.givenWorkspace(`
name: Acme
time_zone: Europe/Vienna
apps:
  - { id: ${exampleIds.webApp}, name: Acme Web, platform: web, vapid: ${JSON.stringify(vapid)} }
email:
  default_from: Acme <hello@acme.example>
  list_unsubscribe: true
  smtp: [{ name: main, url: "${relay}" }, { name: spare, url: "smtp://127.0.0.1:9" }]
  bcc: { addresses: [archive@acme.example] }
subscription_groups:
  - { id: ${exampleIds.smsGroup}, name: Alerts, channel: sms, twilio: { account_sid: AC1, auth_token: the-token-of-twilio, from: "+15550100", base_url: "${twilio}" } }
frequency_caps:
  - { channel: push, max_sends: 2, period_count: 1, period_unit: days }
  - { channel: email, max_sends: 5, period_count: 1, period_unit: weeks, tag: sale }
quiet_hours: [{ from: "21:00", until: "08:00", channels: [sms, push], action: hold }]
event_webhooks:
  - { name: warehouse, url: "https://warehouse.example.com/events", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, kinds: [delivered, bounced] }
api_keys: [{ name: of-the-file, key: the-key-of-a-file, permissions: [messages.send, users.track] }]
`);
}

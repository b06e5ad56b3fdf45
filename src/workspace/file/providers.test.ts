import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import type { ProviderKind } from '../../channels/providers.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { object } from '../../lib/raw/shape.ts';
import { misplacedProviders, providerMembers } from './providers.ts';

const ec = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const pair = createECDH('prime256v1');
pair.setPrivateKey(Buffer.alloc(32, 7));
const publicKey = pair.getPublicKey().toString('base64url');
const privateKey = pair.getPrivateKey().toString('base64url');

const account = { project_id: 'p', client_email: 'a@b', private_key: rsa };
const good = {
  apns: { team_id: 'T1', key_id: 'K1', key: ec('prime256v1'), topic: 'com.acme.app' },
  fcm: { service_account: JSON.stringify(account) },
  adm: { client_id: 'i', client_secret: 's', base_url: 'http://127.0.0.1:9' },
  vapid: { subject: 'mailto:ops@acme.test', public_key: publicKey, private_key: privateKey },
  twilio: { account_sid: 'AC1', auth_token: 't', from: '+15550100' },
  whatsapp_cloud: { phone_number_id: '123', access_token: 't', version: 'v23.0' },
} satisfies Record<ProviderKind, Record<string, string>>;

function read(kind: ProviderKind, value: unknown) {
  const problems = new Problems();
  const shape = object(providerMembers('apns', 'fcm', 'adm', 'vapid', 'twilio', 'whatsapp_cloud'));
  return { provider: shape({ [kind]: value }, '', problems)?.[kind], problems: problems.texts };
}

for (const [kind, settings] of Object.entries(good) as [ProviderKind, Record<string, string>][]) {
  test(`${kind} is read as it was given`, () => {
    assert.deepEqual(read(kind, settings), { provider: { kind, settings }, problems: [] });
  });

  test(`${kind} refuses an unknown key`, () => {
    assert.deepEqual(read(kind, { ...settings, umbrella: 1 }).problems, [`${kind}.umbrella: there is no such key`]);
  });
}

const bad: [ProviderKind, Record<string, unknown>, string[]][] = [
  ['apns', { team_id: undefined, topic: null }, ['apns.team_id: is required', 'apns.topic: is required']],
  ['apns', { key: 'no key' }, ['apns.key: expected the text of the .p8 file from Apple']],
  ['apns', { key: ec('secp384r1') }, ['apns.key: expected a P-256 key, as in the .p8 file from Apple']],
  ['apns', { key: String(rsa) }, ['apns.key: expected a P-256 key, as in the .p8 file from Apple']],
  ['apns', { base_url: 'ftp://x' }, ['apns.base_url: expected a URL that starts with http:// or https://']],
  ['fcm', { service_account: '{' }, ['fcm.service_account: expected the text of the JSON key file from Google']],
  ['fcm', { service_account: '[]' }, ['fcm.service_account: expected the text of the JSON key file from Google']],
  [
    'fcm',
    { service_account: '{"project_id":"p"}' },
    ['fcm.service_account: the JSON key file lacks client_email, private_key'],
  ],
  [
    'fcm',
    { service_account: JSON.stringify({ ...account, private_key: 'x' }) },
    ['fcm.service_account: its private_key is no private key'],
  ],
  [
    'fcm',
    { service_account: JSON.stringify({ ...account, private_key: ec('prime256v1') }) },
    ['fcm.service_account: its private_key is no RSA key'],
  ],
  ['adm', { expires_after: 59 }, ['adm.expires_after: expected an integer from 60 to 2678400']],
  ['adm', { expires_after: '600' }, ['adm.expires_after: expected an integer from 60 to 2678400']],
  [
    'vapid',
    { push_services: ['https://push.example.com'] },
    ['vapid.push_services[0]: expected a host such as push.example.com or *.example.com'],
  ],
  [
    'vapid',
    { allow_hosts: ['a b'] },
    [
      'vapid.allow_hosts[0]: expected a host, address or CIDR subnet, with a port unless that is 80 or 443, such as hooks.internal:8443, 10.0.0.0/8:8080 or [fd00::/8]:8080',
    ],
  ],
  ['vapid', { identity_key: 'short' }, ['vapid.identity_key: expected at least 32 characters']],
  ['vapid', { trust_external_id: 'yes' }, ['vapid.trust_external_id: expected true or false']],
  ['adm', { client_secret: 7 }, ['adm.client_secret: expected a text']],
  ['vapid', { subject: 'ops' }, ['vapid.subject: expected a URL that starts with mailto: or https://']],
  [
    'vapid',
    { public_key: 'x' },
    ['vapid.public_key: expected an uncompressed P-256 point in base64url (87 characters)'],
  ],
  ['vapid', { private_key: 'x' }, ['vapid.private_key: expected a P-256 private key in base64url (43 characters)']],
  ['vapid', { private_key: `${'A'.repeat(42)}E` }, ['vapid.public_key: does not belong to the private_key']],
  ['vapid', { private_key: 'A'.repeat(43) }, ['vapid.public_key: does not belong to the private_key']],
  ['twilio', { from: 'not a number, too long' }, ['twilio.from: expected a number such as +15550100 or a sender name']],
  ['twilio', { from: undefined }, ['twilio: expected either from or messaging_service_sid']],
  ['twilio', { messaging_service_sid: 'MG1' }, ['twilio: expected either from or messaging_service_sid']],
  [
    'whatsapp_cloud',
    { phone_number_id: 'x' },
    ['whatsapp_cloud.phone_number_id: expected a number of digits, as a text'],
  ],
  ['whatsapp_cloud', { version: '23' }, ['whatsapp_cloud.version: expected a version such as v23.0']],
];
for (const [kind, change, expected] of bad) {
  test(`${kind} with ${Object.keys(change).join(', ')} wrong: ${expected[0]}`, () => {
    assert.deepEqual(read(kind, { ...good[kind], ...change }).problems, expected);
  });
}

test('settings keep their type', () => {
  const more = {
    push_services: ['push.example.com', '*.example.org'],
    allow_hosts: ['127.0.0.1:8090'],
    trust_external_id: true,
  };
  assert.deepEqual(read('vapid', { ...good.vapid, ...more }).provider?.settings, { ...good.vapid, ...more });
  assert.deepEqual(read('adm', { ...good.adm, expires_after: 600 }).provider?.settings, {
    ...good.adm,
    expires_after: 600,
  });
});

test('a provider must fit the platform or channel', () => {
  assert.deepEqual(misplacedProviders('ios', ['apns']), []);
  assert.deepEqual(misplacedProviders('whats_app', ['whatsapp_cloud']), []);
  assert.deepEqual(misplacedProviders('web', ['vapid', 'fcm']), [
    'fcm: does not fit web, it is for android; did you mean vapid?',
  ]);
  assert.deepEqual(misplacedProviders('email', ['twilio']), ['twilio: does not fit email, it is for sms']);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import type { PushProvider } from '../../channels/providers.ts';
import { type Quota, quotaOf } from './call-quotas.ts';

const account = (project_id: string) => JSON.stringify({ project_id, client_email: 'a@b', private_key: 'x' });
const apns = { team_id: 'T', key_id: 'K', key: 'pem', topic: 'com.acme' };
const adm = { client_id: 'i', client_secret: 's' };
const vapid = { subject: 'mailto:a@b', public_key: 'p', private_key: 'k' };

/** Source: messaging-objects.md §2.4; docs/push.md: the others have published no quota. */
const table: [what: string, provider: PushProvider, expected: Quota | null][] = [
  [
    'FCM has a published quota, counted by project',
    { kind: 'fcm', settings: { service_account: account('acme') } },
    { key: 'fcm project acme 600000/min', perMinute: 600_000 },
  ],
  [
    'an operator may set another',
    { kind: 'fcm', settings: { service_account: account('acme'), calls_per_minute: 600 } },
    { key: 'fcm project acme 600/min', perMinute: 600 },
  ],
  ['APNs has none', { kind: 'apns', settings: apns }, null],
  [
    'unless one is set; it is the app’s own',
    { kind: 'apns', settings: { ...apns, calls_per_minute: 60 } },
    { key: 'apns app app-1 60/min', perMinute: 60 },
  ],
  ['ADM has none', { kind: 'adm', settings: adm }, null],
  [
    'unless one is set for ADM',
    { kind: 'adm', settings: { ...adm, calls_per_minute: 1 } },
    { key: 'adm app app-1 1/min', perMinute: 1 },
  ],
  ['push services have none', { kind: 'vapid', settings: vapid }, null],
  [
    'unless one is set for them',
    { kind: 'vapid', settings: { ...vapid, calls_per_minute: 6_000 } },
    { key: 'vapid app app-1 6000/min', perMinute: 6_000 },
  ],
];
for (const [what, provider, expected] of table) {
  test(what, () => assert.deepEqual(quotaOf({ id: 'app-1', name: 'App', platform: 'ios', provider }), expected));
}

test('an app without a provider has none', () => {
  assert.equal(quotaOf({ id: 'app-1', name: 'App', platform: 'android' }), null);
});

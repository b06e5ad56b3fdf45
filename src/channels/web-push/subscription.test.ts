import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { admitSubscription, readSubscriptionText, subscriptionToken } from './subscription.ts';

const point = createECDH('prime256v1').generateKeys();
const auth = Buffer.alloc(16, 9);
const keys = { p256dh: point.toString('base64url'), auth: auth.toString('base64url') };
const good = { endpoint: 'https://push.example.com/a?b=c', keys };

test('a subscription is stored in one canonical form, however it was written', () => {
  const forms = [
    JSON.stringify({ ...good, expirationTime: null }),
    JSON.stringify({ keys: { auth: keys.auth, p256dh: keys.p256dh }, endpoint: 'HTTPS://push.example.com:443/a?b=c' }),
    JSON.stringify({ ...good, keys: { p256dh: point.toString('base64'), auth: auth.toString('base64') }, more: 1 }),
  ];
  for (const form of forms) {
    const reading = readSubscriptionText(form);
    assert.ok(reading.ok, form);
    assert.equal(subscriptionToken(reading.subscription), JSON.stringify(good));
    assert.equal(admitSubscription(reading), reading);
  }
});

const bad: [string, unknown, string][] = [
  ['no endpoint', { ...good, endpoint: undefined }, 'endpoint'],
  ['an endpoint that is no URL', { ...good, endpoint: 'push' }, 'endpoint'],
  ['another scheme', { ...good, endpoint: 'file:///etc/passwd' }, 'endpoint'],
  ['a user in the URL', { ...good, endpoint: 'https://a:b@push.example.com/' }, 'endpoint'],
  ['an endpoint that is too long', { ...good, endpoint: `https://push.example.com/${'x'.repeat(1_800)}` }, 'endpoint'],
  ['no keys', { ...good, keys: null }, 'keys.p256dh'],
  ['a short key', { ...good, keys: { ...keys, p256dh: keys.p256dh.slice(4) } }, 'keys.p256dh'],
  ['a compressed key', { ...good, keys: { ...keys, p256dh: `Aw${'A'.repeat(42)}` } }, 'keys.p256dh'],
  ['a key that is no base64', { ...good, keys: { ...keys, p256dh: '!'.repeat(87) } }, 'keys.p256dh'],
  ['a short secret', { ...good, keys: { ...keys, auth: 'AAAA' } }, 'keys.auth'],
  ['a secret that is no text', { ...good, keys: { ...keys, auth: 16 } }, 'keys.auth'],
  ['an expiration that is no time', { ...good, expirationTime: 'soon' }, 'expirationTime'],
  ['an expiration beyond time', { ...good, expirationTime: 1e300 }, 'expirationTime'],
  ['an array', [], 'endpoint'],
  ['a number', 5, 'endpoint'],
  ['null', null, 'endpoint'],
];
for (const [what, value, where] of bad) {
  test(`${what} is refused at ${where}`, () => {
    const reading = readSubscriptionText(JSON.stringify(value));
    assert.equal(reading.ok, false);
    assert.ok(!reading.ok && reading.problem.startsWith(`${where}: `), JSON.stringify(reading));
  });
}

test('a key that is not on the curve is found when a subscription is to be stored', () => {
  const p256dh = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url');
  const reading = readSubscriptionText(JSON.stringify({ ...good, keys: { ...keys, p256dh } }));
  assert.ok(reading.ok);
  assert.deepEqual(admitSubscription(reading), { ok: false, problem: 'keys.p256dh: expected a point of P-256' });
});

test('any text as a token is either read or refused', () => {
  const odd = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.jsonValue().map((value) => JSON.stringify({ ...good, keys: value })),
  );
  fc.assert(
    fc.property(odd, (text) => {
      const reading = readSubscriptionText(text);
      if (reading.ok) subscriptionToken(reading.subscription);
    }),
    { numRuns: 2_000 },
  );
});

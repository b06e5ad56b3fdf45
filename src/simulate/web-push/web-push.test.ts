import assert from 'node:assert/strict';
import { createCipheriv, createECDH, createHmac, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { signJwt } from '../jwt.ts';
import { nameFor } from '../target-names.ts';
import { makeVapidKeys, type VapidKeys } from './vapid.ts';
import {
  type PushSubscription,
  startWebPushSimulator,
  type WebPushOptions,
  type WebPushSimulator,
} from './web-push.ts';
import { decryptPush } from './web-push-decrypt.ts';

const decoded = (text: string) => Buffer.from(text, 'base64url');
const hmac = (key: Buffer, ...data: Buffer[]) => createHmac('sha256', key).update(Buffer.concat(data)).digest();
const ONE = Buffer.of(1);

/** Encrypts as RFC 8291 §3.4 says: a second implementation, from the sender's side. */
function encrypt(plaintext: Buffer, { keys }: Pick<PushSubscription, 'keys'>, end: Buffer = Buffer.of(2)): Buffer {
  const sender = createECDH('prime256v1');
  const own = sender.generateKeys();
  const salt = randomBytes(16);
  const theirs = decoded(keys.p256dh);
  const first = hmac(decoded(keys.auth), sender.computeSecret(theirs));
  const random = hmac(salt, hmac(first, Buffer.from('WebPush: info\0'), theirs, own, ONE));
  const key = hmac(random, Buffer.from('Content-Encoding: aes128gcm\0'), ONE).subarray(0, 16);
  const nonce = hmac(random, Buffer.from('Content-Encoding: nonce\0'), ONE).subarray(0, 12);
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const sealed = Buffer.concat([cipher.update(Buffer.concat([plaintext, end])), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([salt, Buffer.of(0, 0, 16, 0), Buffer.of(65), own, sealed]);
}

function pem({ publicKey, privateKey }: VapidKeys): string {
  const head = Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'hex');
  const der = Buffer.concat([head, decoded(privateKey), Buffer.from('a144034200', 'hex'), decoded(publicKey)]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}

async function started(t: TestContext, options: WebPushOptions = {}): Promise<WebPushSimulator> {
  const service = await startWebPushSimulator(options);
  t.after(() => service.stop());
  return service;
}

const hours = (count: number) => Math.floor(Date.now() / 1_000) + count * 3_600;

function vapid(service: WebPushSimulator, claims: object = {}, keys = service.vapid, shown = keys.publicKey): string {
  const all = { aud: service.url, exp: hours(12), sub: 'mailto:ops@acme.test', ...claims };
  return `vapid t=${signJwt({ typ: 'JWT', alg: 'ES256' }, all, pem(keys))}, k=${shown}`;
}

async function send(service: WebPushSimulator, change: { headers?: object; body?: Buffer; name?: string } = {}) {
  const subscription = service.subscription(change.name ?? 'ada');
  const headers = {
    ...{ ttl: '60', 'content-encoding': 'aes128gcm', 'content-type': 'application/octet-stream', urgency: 'normal' },
    authorization: vapid(service),
    ...change.headers,
  };
  const body = change.body ?? encrypt(Buffer.from('{"title":"Hi"}'), subscription);
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  return fetch(subscription.endpoint, { method: 'POST', headers: given, body, redirect: 'manual' });
}

test('the example in the standard is decrypted', () => {
  // RFC 8291 §5 and appendix A.
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(decoded('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'));
  const body = decoded(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A' +
      '_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
  const read = decryptPush(body, { ecdh, publicKey: ecdh.getPublicKey(), auth: decoded('BTBZMqHH6r4Tts7J_aSIgg') });
  assert.ok('plaintext' in read);
  assert.equal(read.plaintext.toString(), 'When I grow up, I want to be a watermelon');
});

test('a message is accepted, decrypted and kept', async (t) => {
  const service = await started(t);
  const answer = await send(service, { headers: { topic: 'news' } });
  assert.equal(answer.status, 201, await answer.text());
  assert.match(answer.headers.get('location') ?? '', new RegExp(`^${service.url}/message/`));
  const [received] = service.received('ada');
  assert.deepEqual(received?.message, {
    ...{ name: 'ada', ttl: 60, urgency: 'normal', topic: 'news' },
    payload: { title: 'Hi' },
  });
});

test('a subscription is derived from seed and name, in code and over HTTP', async (t) => {
  const [one, same, other] = [
    await started(t, { seed: 7 }),
    await started(t, { seed: 7 }),
    await started(t, { seed: 8 }),
  ];
  assert.deepEqual(one.subscription('ada').keys, same.subscription('ada').keys);
  assert.notDeepEqual(one.subscription('ada').keys, other.subscription('ada').keys);
  const answer = await fetch(`${one.url}/subscriptions?name=ada`, { method: 'POST' });
  assert.deepEqual([answer.status, await answer.json()], [201, one.subscription('ada')]);
});

test('every kind of bad request gets the status of a real push service', async (t) => {
  const service = await started(t);
  const stranger = makeVapidKeys();
  const toBob = encrypt(Buffer.from('{}'), service.subscription('bob'));
  const toAda = (plaintext: Buffer, end?: Buffer) => encrypt(plaintext, service.subscription('ada'), end);
  const cases: [string, Parameters<typeof send>[1], number, RegExp][] = [
    ['no credentials', { headers: { authorization: undefined } }, 401, /Authorization header is missing/],
    ['other credentials', { headers: { authorization: 'Bearer x' } }, 401, /Expected vapid/],
    ['another audience', { headers: { authorization: vapid(service, { aud: 'https://x.test' }) } }, 401, /x\.test/],
    ['25 hours', { headers: { authorization: vapid(service, { exp: hours(25) }) } }, 401, /24 hours/],
    ['an hour ago', { headers: { authorization: vapid(service, { exp: hours(-1) }) } }, 401, /expired/],
    ['no contact', { headers: { authorization: vapid(service, { sub: 'ops' }) } }, 401, /contact/],
    ['no exp', { headers: { authorization: vapid(service, { exp: undefined }) } }, 401, /no exp/],
    ['another key', { headers: { authorization: vapid(service, {}, stranger) } }, 403, /do not correspond/],
    [
      'a signature by another key',
      { headers: { authorization: vapid(service, {}, stranger, service.vapid.publicKey) } },
      401,
      /not signed by the key/,
    ],
    ['no TTL', { headers: { ttl: undefined } }, 400, /TTL/],
    ['another encoding', { headers: { 'content-encoding': 'aesgcm' } }, 400, /aes128gcm/],
    ['another urgency', { headers: { urgency: 'loud' } }, 400, /Urgency/],
    ['a long topic', { headers: { topic: 'x'.repeat(33) } }, 400, /Topic/],
    ['4,097 octets', { body: Buffer.alloc(4_097) }, 413, /too large/],
    ['the message of another', { body: toBob }, 400, /not encrypted for this subscription/],
    ['text', { body: Buffer.from('{"title":"Hi"}') }, 400, /too short/],
    ['an open record', { body: toAda(Buffer.from('{}'), Buffer.of(1)) }, 400, /not marked as the last/],
    ['words', { body: toAda(Buffer.from('Hi')) }, 400, /no JSON/],
  ];
  for (const [what, change, status, message] of cases) {
    const answer = await send(service, change);
    assert.equal(answer.status, status, what);
    assert.match(await answer.text(), message, what);
  }
  assert.equal(service.counts().accepted, 0);
});

test('the largest payload fits, and padding is removed', async (t) => {
  const service = await started(t);
  const largest = Buffer.from(JSON.stringify('x'.repeat(3_991)));
  const body = encrypt(largest, service.subscription('ada'));
  assert.deepEqual([largest.length, body.length], [3_993, 4_096]);
  assert.equal((await send(service, { body })).status, 201);
  const padded = encrypt(
    Buffer.from('{}'),
    service.subscription('ada'),
    Buffer.concat([Buffer.of(2), Buffer.alloc(99)]),
  );
  assert.equal((await send(service, { body: padded })).status, 201);
  assert.deepEqual(service.received().at(-1)?.message.payload, {});
});

const rows: [string, number][] = [
  ['accepted', 201],
  ['ok', 200],
  ['queued', 202],
  ['gone', 410],
  ['not_found', 404],
  ['bad_request', 400],
  ['unauthorized', 401],
  ['forbidden', 403],
  ['too_large', 413],
  ['too_many_requests', 429],
  ['internal', 500],
  ['unavailable', 503],
  ['redirect', 307],
  ['504', 504],
];
test('every answer in the table can be asked for by the name of a subscription', async (t) => {
  const service = await started(t);
  for (const [name, status] of rows) {
    const answer = await send(service, { name: nameFor(name, 'ada', { retryAfterSeconds: 5 }) });
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [status, '5'], name);
    await answer.arrayBuffer();
  }
  assert.equal(service.counts().accepted, 3);
});

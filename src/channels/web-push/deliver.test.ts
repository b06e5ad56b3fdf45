import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { testCertificate } from '../../../rig/certificate.ts';
import { TestClock } from '../../../test/support/clock.ts';
import { untold } from '../../../test/support/untold.ts';
import { type Browser, newBrowser, startTestService, type TestService } from '../../../test/support/web-push.ts';
import { makeVapidKeys } from '../../simulate/web-push/vapid.ts';
import type { Push } from '../push/sender.ts';
import { createWebPushSender } from './deliver.ts';
import type { RenderedWebPush } from './render.ts';
import type { VapidSettings } from './settings.ts';

const keys = makeVapidKeys();
const vapid = { subject: 'mailto:ops@acme.test', public_key: keys.publicKey, private_key: keys.privateKey };
const never = new AbortController().signal;
const rendered: RenderedWebPush = {
  title: 'Title',
  body: 'Body',
  payload: { id: 'd', title: 'Title', body: 'Grüße' },
  headers: { TTL: '3600', Urgency: 'normal' },
};

interface Setting {
  browser: Browser;
  clock: TestClock;
  service: TestService;
  deliver(change?: Partial<Push<RenderedWebPush>>): ReturnType<ReturnType<typeof createWebPushSender>['deliver']>;
}

async function start(t: TestContext, settings: Partial<VapidSettings> = {}): Promise<Setting> {
  const browser = await newBrowser();
  const clock = new TestClock();
  const service = await startTestService(t);
  const allow_hosts = [`127.0.0.1:${service.port}`, '127.0.0.1:1'];
  const sender = createWebPushSender({ settings: { ...vapid, allow_hosts, ...settings }, clock });
  t.after(() => sender.close());
  const token = JSON.stringify(browser.subscription(`${service.url}/send/ada?x=1`));
  return {
    browser,
    clock,
    service,
    deliver: (change) => untold(sender.deliver({ ...pushTo(token, clock), ...change }, never)),
  };
}

function pushTo(token: string, clock: TestClock): Push<RenderedWebPush> {
  const now = clock.now();
  return { rendered, token, registeredAt: now, acceptedAt: now, environment: null, pushId: 'p' };
}

test('a message arrives encrypted for its browser and signed for its push service', async (t) => {
  const { browser, clock, service, deliver } = await start(t);
  service.replies = [{ status: 201, headers: { location: '/m/1' } }];
  assert.deepEqual(await deliver(), { kind: 'accepted', providerId: '/m/1' });
  const [request] = service.received;
  assert.ok(request);
  assert.equal(request.path, '/send/ada?x=1');
  assert.equal(request.headers.ttl, '3600');
  assert.equal(request.headers.urgency, 'normal');
  assert.equal(request.headers['content-encoding'], 'aes128gcm');
  assert.equal(request.headers['content-type'], 'application/octet-stream');
  assert.equal((await browser.decrypt(request.body)).toString(), '{"id":"d","title":"Title","body":"Grüße"}');
  const { claims, isGenuine } = readVapid(String(request.headers.authorization));
  assert.ok(isGenuine);
  assert.deepEqual(claims, {
    aud: service.url,
    exp: Math.floor(clock.now().getTime() / 1_000) + 12 * 3_600,
    sub: 'mailto:ops@acme.test',
  });
});

/** Verifies the signature as a push service does. Source: RFC 8292. */
function readVapid(authorization: string) {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  const [header = '', claims = '', signature = ''] = token.split('.');
  const x = Buffer.from(key, 'base64url').subarray(1, 33).toString('base64url');
  const y = Buffer.from(key, 'base64url').subarray(33).toString('base64url');
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const signed = Buffer.from(`${header}.${claims}`);
  const how = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { typ: 'JWT', alg: 'ES256' });
  return {
    claims: JSON.parse(Buffer.from(claims, 'base64url').toString()),
    isGenuine: verify('sha256', signed, how, Buffer.from(signature, 'base64url')),
  };
}

test('one signature serves an origin for 11 hours', async (t) => {
  const { clock, service, deliver } = await start(t);
  await Promise.all([deliver(), deliver()]);
  clock.advance(11 * 3_600_000 - 1);
  await deliver();
  clock.advance(1);
  await deliver();
  const signatures = service.received.map(({ headers }) => headers.authorization);
  assert.equal(new Set(signatures.slice(0, 3)).size, 1);
  assert.notEqual(signatures[3], signatures[0]);
});

test('after a refused signature the message is sent once more with a new one, then the token is set aside', async (t) => {
  const { clock, service, deliver } = await start(t);
  await deliver();
  clock.advance(60_000);
  service.replies = [{ status: 403 }, { status: 201 }];
  assert.deepEqual(await deliver(), { kind: 'accepted', providerId: null });
  const [, refused, repeated] = service.received;
  assert.notEqual(refused?.headers.authorization, repeated?.headers.authorization);
  for (const status of [401, 403]) {
    service.replies = [{ status }];
    service.received.length = 0;
    assert.deepEqual(await deliver(), { kind: 'bounced', reason: String(status), token: 'suspect' });
    assert.equal(service.received.length, 2);
  }
});

test('the time to live counts from when the dispatch was accepted', async (t) => {
  const { clock, service, deliver } = await start(t);
  const acceptedAt = clock.now();
  const later = (ttl: string) =>
    deliver({ acceptedAt, rendered: { ...rendered, headers: { TTL: ttl, Urgency: 'normal' } } });
  clock.advance(90_500);
  assert.equal((await later('100')).kind, 'accepted');
  assert.equal((await later('0')).kind, 'accepted');
  assert.deepEqual(await later('90'), { kind: 'expired' });
  assert.deepEqual(
    service.received.map(({ headers }) => headers.ttl),
    ['10', '0'],
  );
});

test('a message that cannot succeed is never sent', async (t) => {
  const { browser, clock, service, deliver } = await start(t);
  const subscription = browser.subscription(service.url);
  const offCurve = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url');
  const malformed = ['', '{', 'x'.repeat(5_000), '{"endpoint":1}', JSON.stringify({ endpoint: service.url })];
  malformed.push(JSON.stringify({ ...subscription, keys: { ...subscription.keys, p256dh: offCurve } }));
  for (const token of malformed) {
    assert.deepEqual(await deliver({ token }), {
      kind: 'bounced',
      reason: 'malformed_subscription',
      isOurs: true,
      token: 'remove',
    });
  }
  const token = JSON.stringify({ ...subscription, expirationTime: clock.now().getTime() });
  assert.deepEqual(await deliver({ token }), {
    kind: 'bounced',
    reason: 'subscription_expired',
    isOurs: true,
    token: 'remove',
  });
  const payload = { id: 'd', title: 'T', body: 'x'.repeat(4_000) };
  assert.deepEqual(await deliver({ rendered: { ...rendered, payload } }), {
    kind: 'failed',
    reason: 'payload_too_large',
    isOurs: true,
  });
  assert.deepEqual(service.received, []);
});

test('a redirect is not followed', async (t) => {
  const { service, deliver } = await start(t);
  service.replies = [{ status: 307, headers: { location: `${service.url}/elsewhere` } }];
  assert.deepEqual(await deliver(), { kind: 'failed', reason: '307' });
  assert.equal(service.received.length, 1);
});

test('a very long answer is not read to its end', async (t) => {
  const { service, deliver } = await start(t);
  service.replies = [{ status: 410, body: Buffer.alloc(4_000_000) }];
  assert.deepEqual(await deliver(), { kind: 'bounced', reason: '410', token: 'remove' });
});

test('a message is retried when the connection breaks, is refused or does not speak HTTP', async (t) => {
  const { browser, service, deliver } = await start(t);
  service.replies = [() => 'reset'];
  const broken = await deliver();
  assert.ok(broken.kind === 'retry' && broken.isUnclear, 'the push service may have accepted it');
  const closed = JSON.stringify(browser.subscription('http://127.0.0.1:1/x'));
  assert.deepEqual(await deliver({ token: closed }), { kind: 'retry', reason: 'network ECONNREFUSED' });
  const secure = JSON.stringify(browser.subscription(service.url.replace('http:', 'https:')));
  assert.equal((await deliver({ token: secure })).kind, 'retry');
});

test('many messages share connections, which are opened as needed', async (t) => {
  const { service, deliver } = await start(t);
  for (let count = 0; count < 5; count += 1) await deliver();
  // undici reuses a connection one turn later.
  assert.ok(service.mostConnections() <= 2, String(service.mostConnections()));
  const outcomes = await Promise.all(Array.from({ length: 600 }, () => deliver()));
  assert.ok(outcomes.every(({ kind }) => kind === 'accepted'));
  assert.ok(service.mostConnections() <= 256, String(service.mostConnections()));
});

const inside = 'https://127.0.0.1/x';
const guarded: [string, string, Partial<VapidSettings>][] = [
  ['an inner address', inside, {}],
  ['an inner address in another form', 'https://[::ffff:10.0.0.1]/x', {}],
  ['a name that resolves to an inner address', 'https://inside.example.com/x', {}],
  ['a public host without TLS', 'http://public.example.com/x', {}],
  ['another port', 'https://public.example.com:8443/x', {}],
  [
    'a host that is not in the list of push services',
    'https://public.example.com/x',
    { push_services: ['*.example.org'] },
  ],
  ['a host that only ends like one in the list', 'https://badexample.org/x', { push_services: ['*.example.org'] }],
];
for (const [what, endpoint, settings] of guarded) {
  test(`${what} is not called`, async (t) => {
    const browser = await newBrowser();
    const clock = new TestClock();
    const resolve = async (host: string) => [host.startsWith('inside') ? '169.254.169.254' : '93.184.215.14'];
    const sender = createWebPushSender({ settings: { ...vapid, ...settings }, clock, resolve });
    t.after(() => sender.close());
    const token = JSON.stringify(browser.subscription(endpoint));
    assert.deepEqual(await untold(sender.deliver(pushTo(token, clock), never)), {
      kind: 'failed',
      reason: 'blocked_target',
      isOurs: true,
    });
  });
}

test('a name that changes to an inner address after its check is not called', async (t) => {
  const browser = await newBrowser();
  const clock = new TestClock();
  const answers = ['93.184.215.14', '127.0.0.1'];
  const resolve = async () => [answers.length > 1 ? String(answers.shift()) : String(answers[0])];
  const sender = createWebPushSender({ settings: vapid, clock, resolve });
  t.after(() => sender.close());
  const token = JSON.stringify(browser.subscription('https://push.example.com/x'));
  assert.deepEqual(await untold(sender.deliver(pushTo(token, clock), never)), {
    kind: 'failed',
    reason: 'blocked_target',
    isOurs: true,
  });
});

test('over TLS, the certificate must be for the push service’s name', async (t) => {
  const { key, cert } = testCertificate;
  const service = await startTestService(t, { key, cert });
  const browser = await newBrowser();
  const clock = new TestClock();
  const settings = { ...vapid, allow_hosts: [`127.0.0.0/8:${service.port}`] };
  const sender = createWebPushSender({ settings, clock, ca: cert, resolve: async () => ['127.0.0.1'] });
  t.after(() => sender.close());
  const to = (host: string) =>
    untold(
      sender.deliver(pushTo(JSON.stringify(browser.subscription(`https://${host}:${service.port}/x`)), clock), never),
    );
  assert.equal((await to('push.example.com')).kind, 'accepted');
  assert.deepEqual(await to('other.example.com'), { kind: 'retry', reason: 'network ERR_TLS_CERT_ALTNAME_INVALID' });
  assert.equal(service.received.length, 1);
});

test('a push service that hints for ever, or answers bit by bit, has a minute for all of it', async (t) => {
  for (const begin of [
    (response: ServerResponse) => response.writeEarlyHints({ link: '</a>; rel=preload' }),
    (response: ServerResponse) => response.writeHead(401).write('a'),
  ]) {
    const [clock, browser] = [new TestClock(), await newBrowser()];
    const asked = Promise.withResolvers<void>();
    const server = createServer((_request, response) => {
      begin(response);
      asked.resolve();
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    t.after(() => server.closeAllConnections());
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const sender = createWebPushSender({ settings: { ...vapid, allow_hosts: [`127.0.0.1:${port}`] }, clock });
    t.after(() => sender.close());
    const token = JSON.stringify(browser.subscription(`http://127.0.0.1:${port}/send/ada`));
    const outcome = sender.deliver(pushTo(token, clock), never);
    await asked.promise;
    clock.advance(60_000);
    assert.deepEqual(await outcome, { kind: 'retry', reason: 'network TimeoutError', isUnclear: true });
  }
});

// The endpoints that browsers call without a key: who a browser may claim to be, and what happens to its subscription.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { makeVapidKeys } from '../src/simulate/web-push/vapid.ts';
import { startTestApp } from './support/app.ts';
import { newBrowser } from './support/web-push.ts';

const WEB = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a14';
const OTHER = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
const IDENTITY_KEY = 'a key of at least 32 characters, of ours';
const { publicKey, privateKey } = makeVapidKeys();

async function start(t: TestContext, settings = `identity_key: "${IDENTITY_KEY}"`) {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`
apps:
  - id: ${WEB}
    name: Web
    platform: web
    vapid: { subject: "mailto:ops@acme.test", public_key: ${publicKey}, private_key: ${privateKey}, ${settings} }
  - { id: ${OTHER}, name: Other, platform: web }
`);
  const register = (body: object, headers = {}) =>
    app.post('/sdk/web-push/subscriptions', { app_id: WEB, ...body }, { key: null, headers });
  const owners = () =>
    app.db.query<{ person: string | null; endpoint: string }>(sql`
      select p.external_id as person, t.token::json->>'endpoint' as endpoint
        from push_targets t
        join push_token_owners o on o.app_id = t.app_id and o.token = device_of(t.token) and o.user_id = t.user_id
        join profiles p on p.bucket = t.bucket and p.user_id = t.user_id
       order by 2`);
  return { app, register, owners };
}

async function subscription(name = 'ada') {
  return (await newBrowser()).subscription(`https://fcm.googleapis.com/fcm/send/${name}`);
}

function signed(claims: object, { key = IDENTITY_KEY, alg = 'HS256' } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg, typ: 'JWT' })}.${part(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

const inAnHour = Date.parse('2026-03-15T13:00:00Z') / 1_000;

test('a page of any origin gets the public key of its app', async (t) => {
  const { app } = await start(t);
  const { status, body, headers } = await app.get(`/sdk/web-push/config?app_id=${WEB.toUpperCase()}`, { key: null });
  assert.deepEqual([status, body], [200, { vapid_public_key: publicKey, message: 'success' }]);
  assert.equal(headers.get('access-control-allow-origin'), '*');
  for (const appId of [OTHER, 'x', '']) {
    assert.equal((await app.get(`/sdk/web-push/config?app_id=${appId}`, { key: null })).status, 404);
  }
  assert.equal((await app.get('/sdk/web-push/config', { key: null })).status, 400);
});

test('the scripts are served for pages of other origins', async (t) => {
  const { app } = await start(t);
  const page = await app.get('/sdk/web-push.js', { key: null });
  assert.match(page.body, /CressetWebPush/);
  const worker = await app.get('/sdk/web-push-sw.js', { key: null });
  for (const { status, headers } of [page, worker]) {
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
  }
  assert.equal(worker.headers.get('service-worker-allowed'), '/');
  const preflight = await fetch(`${app.url}/sdk/web-push/subscriptions`, { method: 'OPTIONS' });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST');
});

test('an anonymous browser gets its own profile, once', async (t) => {
  const { app, register, owners } = await start(t);
  const browser = await subscription();
  for (let visit = 0; visit < 2; visit += 1) {
    const { status, body, headers } = await register({ subscription: browser });
    assert.deepEqual([status, body], [201, { message: 'success' }]);
    assert.equal(headers.get('access-control-allow-origin'), '*');
  }
  assert.deepEqual(await owners(), [{ person: null, endpoint: browser.endpoint }]);
  assert.equal((await app.db.one<{ count: number }>(sql`select count(*)::int as count from profiles`)).count, 1);
});

test('an identity signed by the back end assigns the browser to its person', async (t) => {
  const { register, owners } = await start(t);
  const browser = await subscription();
  await register({ subscription: browser });
  const identity = (sub: string) => signed({ sub, aud: WEB, exp: inAnHour });
  assert.equal((await register({ subscription: browser, identity: identity('ada') })).status, 201);
  assert.deepEqual(await owners(), [{ person: 'ada', endpoint: browser.endpoint }]);
  await register({ subscription: browser });
  assert.deepEqual(await owners(), [{ person: 'ada', endpoint: browser.endpoint }], 'a later visit changes nothing');
  await register({ subscription: browser, identity: identity('ben'), external_id: 'ben' });
  assert.deepEqual(await owners(), [{ person: 'ben', endpoint: browser.endpoint }]);
});

test('nobody can claim to be somebody else', async (t) => {
  const { app, register, owners } = await start(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const good = { sub: 'ada', aud: WEB, exp: inAnHour };
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const [, claims = '', signature = ''] = signed(good).split('.');
  const attempts: [object, number, string][] = [
    [{ external_id: 'ada' }, 403, 'Identity required'],
    [{ identity: '' }, 403, 'Invalid identity'],
    [{ identity: {} }, 403, 'Invalid identity'],
    [{ identity: signed(good, { key: 'another key of at least 32 characters' }) }, 403, 'Invalid identity'],
    [{ identity: signed(good, { alg: 'HS512' }) }, 403, 'Invalid identity'],
    [{ identity: `${none}.${claims}.` }, 403, 'Invalid identity'],
    [{ identity: `${none}.${claims}.${signature}` }, 403, 'Invalid identity'],
    [{ identity: `${signed(good)}x` }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, aud: OTHER }) }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, aud: undefined }) }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, exp: inAnHour - 3_600 }) }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, exp: undefined }) }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, nbf: inAnHour - 60 }) }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, nbf: 'now' }) }, 403, 'Invalid identity'],
    [{ identity: signed({ ...good, sub: undefined }) }, 400, 'Bad Request'],
    [{ identity: signed({ ...good, sub: 'x'.repeat(1_000) }) }, 400, 'Bad Request'],
    [{ identity: signed(good), external_id: 'ben' }, 400, 'Bad Request'],
    [{ braze_id: 'ada' }, 400, 'Bad Request'],
  ];
  const browser = await subscription();
  for (const [body, status, message] of attempts) {
    const reply = await register({ subscription: browser, ...body });
    assert.deepEqual([reply.status, reply.body.message], [status, message], JSON.stringify(body));
  }
  assert.deepEqual(await owners(), []);
});

test('without an identity_key no identity is accepted; with trust_external_id a page is trusted', async (t) => {
  const { register, owners } = await start(t, 'trust_external_id: true');
  const browser = await subscription();
  const identity = signed({ sub: 'ada', aud: WEB, exp: inAnHour });
  assert.equal((await register({ subscription: browser, identity })).status, 403);
  assert.equal((await register({ subscription: browser, external_id: 'ada' })).status, 201);
  assert.deepEqual(await owners(), [{ person: 'ada', endpoint: browser.endpoint }]);
});

test('a subscription that replaces another keeps its person, but only if the caller knows the old keys', async (t) => {
  const { app, register, owners } = await start(t);
  const [old, renewed, strangers] = [
    await subscription('old'),
    await subscription('new'),
    await subscription('stranger'),
  ];
  const identity = signed({ sub: 'ada', aud: WEB, exp: inAnHour });
  await register({ subscription: old, identity });
  await register({ subscription: renewed, previous: old });
  assert.deepEqual(await owners(), [{ person: 'ada', endpoint: renewed.endpoint }]);
  const guessed = { ...renewed, keys: strangers.keys };
  await register({ subscription: strangers, previous: guessed });
  const removal = { app_id: WEB, subscription: guessed };
  assert.equal((await app.post('/sdk/web-push/subscriptions/remove', removal, { key: null })).status, 200);
  assert.deepEqual(await owners(), [
    { person: 'ada', endpoint: renewed.endpoint },
    { person: null, endpoint: strangers.endpoint },
  ]);
  await app.post('/sdk/web-push/subscriptions/remove', { ...removal, subscription: renewed }, { key: null });
  assert.deepEqual(await owners(), [{ person: null, endpoint: strangers.endpoint }]);
});

test('a browser that visits becomes the most recently used device', async (t) => {
  const { app, register } = await start(t);
  const browser = await subscription();
  await register({ subscription: browser });
  app.clock.advance(3_600_000);
  await register({ subscription: browser });
  const { used } = await app.db.one<{ used: Date }>(sql`select last_used_at as used from push_targets`);
  assert.deepEqual(used, app.clock.now());
});

test('only usable subscriptions at known push services are accepted', async (t) => {
  const { register, owners } = await start(t);
  const good = await subscription();
  const bad: unknown[] = [
    undefined,
    null,
    'x',
    [],
    {},
    JSON.stringify(good),
    { ...good, endpoint: 'https://victim.example.com/x' },
    { ...good, endpoint: 'http://fcm.googleapis.com/x' },
    { ...good, endpoint: 'https://127.0.0.1/x' },
    { ...good, endpoint: `https://fcm.googleapis.com/${'x'.repeat(2_000)}` },
    { ...good, keys: { ...good.keys, auth: 'short' } },
    { ...good, keys: { ...good.keys, p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64)]).toString('base64url') } },
    { ...good, expirationTime: Date.parse('2026-03-15T12:00:00Z') },
  ];
  for (const subscription of bad) {
    assert.equal((await register({ subscription })).status, 400, JSON.stringify(subscription));
  }
  assert.equal((await register({ subscription: good, previous: 'x' })).status, 400);
  assert.equal((await register({ subscription: good, padding: 'x'.repeat(20_000) })).status, 413);
  assert.deepEqual(await owners(), []);
});

test('a push service on the app’s own list is accepted, and others are not', async (t) => {
  const { register } = await start(t, 'push_services: ["*.push.test"], allow_hosts: ["127.0.0.1:8090", 10.0.0.0/8]');
  const { keys } = await subscription();
  const statuses = [
    'https://a.push.test/x',
    'http://127.0.0.1:8090/x',
    'http://10.1.2.3/x',
    'https://fcm.googleapis.com/x',
  ];
  const replies = await Promise.all(statuses.map((endpoint) => register({ subscription: { endpoint, keys } })));
  assert.deepEqual(
    replies.map(({ status }) => status),
    [201, 201, 201, 400],
  );
});

test('one address can register a limited number of browsers a minute', async (t) => {
  const { app, register } = await start(t);
  await app.givenWorkspace('rate_limits: { web_push_subscriptions: 3 }');
  const body = { subscription: await subscription() };
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await register(body)).status);
  assert.deepEqual(statuses, [201, 201, 201, 429]);
  const { headers } = await register(body);
  assert.ok(Number(headers.get('retry-after')) > 0);
  app.clock.advance(60_000);
  assert.equal((await register(body)).status, 201);
});

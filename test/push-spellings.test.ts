// One device under several spellings of its token.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { sql } from '../src/db/sql.ts';
import { deviceOf } from '../src/people/device.ts';
import { startWebPushSimulator } from '../src/simulate/web-push/web-push.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ANDROID = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

test('a token of Apple in another spelling is the same token, and has one owner', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(
    `apps: [{ id: ${IOS}, name: iOS, platform: ios }, { id: ${ANDROID}, name: Android, platform: android }]`,
  );
  const track = (external_id: string, app_id: string, tokens: string[]) =>
    app.post('/users/track', {
      attributes: [{ external_id, push_tokens: tokens.map((token) => ({ app_id, token })) }],
    });
  const tokensOf = async (external_id: string) => {
    const { body } = await app.post('/users/export/ids', { external_ids: [external_id] });
    return ((body.users[0]?.push_tokens ?? []) as { token: string }[]).map(({ token }) => token).sort();
  };
  await track('ada', IOS, ['AB'.repeat(32), 'ab'.repeat(32), `<${'abababab '.repeat(8).trim()}>`]);
  assert.deepEqual(await tokensOf('ada'), ['ab'.repeat(32)]);
  await track('ada', IOS, ['aB'.repeat(32)]);
  assert.deepEqual(await tokensOf('ada'), ['ab'.repeat(32)]);
  await track('bob', IOS, ['Ab'.repeat(32)]);
  assert.deepEqual([await tokensOf('ada'), await tokensOf('bob')], [[], ['ab'.repeat(32)]]);
  await track('ada', ANDROID, ['ABCD', 'abcd']);
  assert.deepEqual(await tokensOf('ada'), ['ABCD', 'abcd'], 'the case of other tokens means something');
});

const WEB = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

interface PushSubscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

async function startWeb(t: TestContext) {
  const app = await startTestApp(t);
  const service = await startWebPushSimulator({ clock: app.clock });
  t.after(() => service.stop());
  const { publicKey: public_key, privateKey: private_key } = service.vapid;
  const vapid = {
    ...{ subject: 'mailto:ops@acme.test', public_key, private_key, trust_external_id: true },
    allow_hosts: [new URL(service.url).host, 'push.example.test'],
  };
  const apps = [
    { id: WEB, name: 'Web', platform: 'web', vapid },
    { id: IOS, name: 'iOS', platform: 'ios' },
    { id: ANDROID, name: 'Android', platform: 'android' },
  ];
  await app.givenWorkspace(JSON.stringify({ apps }));
  const track = async (external_id: string, ...subscriptions: object[]) => {
    const push_tokens = subscriptions.map((one) => ({ app_id: WEB, token: JSON.stringify(one) }));
    const { body } = await app.post('/users/track', { attributes: [{ external_id, push_tokens }] });
    assert.equal(body.errors, undefined, JSON.stringify(body));
  };
  return { app, service, track };
}

/** Whoever has a token, with the token's keys; and how many devices have an owner. */
async function holders(app: TestApp): Promise<[string | null, string][]> {
  const rows = await app.db.query<{ person: string | null; auth: string; owned: boolean }>(sql`
    select p.external_id as person, case when t.token like '{%' then t.token::json -> 'keys' ->> 'auth' else t.token end as auth,
           exists (select from push_token_owners o
                    where o.app_id = t.app_id and o.token = device_of(t.token) and o.user_id = t.user_id) as owned
      from push_targets t join profiles p using (bucket, user_id) order by 1, 2`);
  assert.ok(rows.every(({ owned }) => owned));
  const { owners } = await app.db.one<{ owners: number }>(sql`select count(*) as owners from push_token_owners`);
  assert.equal(owners, rows.length);
  return rows.map(({ person, auth }) => [person, auth]);
}

const withKeysOf = ({ endpoint }: PushSubscription, { keys }: PushSubscription) => ({ endpoint, keys });

test('a browser is its endpoint: newer keys replace the older ones, and it has one owner and gets one message', async (t) => {
  const { app, service, track } = await startWeb(t);
  const [first, other] = [service.subscription('ada'), service.subscription('other')];
  const stale = withKeysOf(first, other);
  await track('ada', stale);
  await track('ada', first);
  assert.deepEqual(await holders(app), [['ada', first.keys.auth]]);
  await track('ada', stale, first);
  assert.deepEqual(await holders(app), [['ada', first.keys.auth]], 'the last of one request');
  const { body } = await app.post('/messages/send', {
    ...{ external_user_ids: ['ada'], messages: { web_push: { title: 'Hi', alert: 'Hello' } } },
  });
  await app.drain();
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.channels.web_push.sent, 1);
  assert.equal(service.counts().requests, 1);
  await track('ben', stale);
  assert.deepEqual(await holders(app), [['ben', stale.keys.auth]], 'it moves with other keys, too');
  const people = ['cid', 'dan', 'eve', 'fay'];
  await Promise.all(people.map((name, at) => track(name, at % 2 === 0 ? first : stale)));
  assert.equal((await holders(app)).length, 1, 'whoever comes last');
  await app.post('/users/track', {
    attributes: [...people, 'ben'].map((external_id) => ({ external_id, push_tokens: null })),
  });
  assert.deepEqual(await holders(app), []);
});

test('an endpoint in another spelling is the same browser', async (t) => {
  const { app, service, track } = await startWeb(t);
  const { keys } = service.subscription('ada');
  const spellings = [
    'https://push.example.test/p/~a%3Ab',
    'https://push.example.test:443/p/~a%3Ab',
    'https://PUSH.Example.TEST/p/~a%3Ab',
    'HTTPS://push.example.test/p/~a%3ab',
    'https://push.example.test/p/%7Ea%3Ab',
    'https://push.example.test/p/%7e%61%3a%62',
    ' https://push.example.test/p/~a%3Ab\n',
    'https://push.example.test/p/x/../~a%3Ab',
  ];
  for (const endpoint of spellings) await track('ada', { endpoint, keys });
  await track('ada', { endpoint: spellings[0], keys, expirationTime: 1_900_000_000_000 });
  assert.equal((await holders(app)).length, 1);
  const { token } = await app.db.one<{ token: string }>(sql`select token from push_targets`);
  assert.equal(JSON.parse(token).endpoint, spellings[0]);
  for (const endpoint of [
    'https://push.example.test/P/~a%3Ab',
    'https://push.example.test/p/~a:b',
    'https://push.example.test/p/~a%3Ab/',
    'https://push.example.test:8443/p/~a%3Ab',
  ])
    await track('ben', { endpoint, keys });
  assert.equal((await holders(app)).length, 5, 'these are other endpoints');
});

test('blanks around a token make no second one; a token of Apple stored in upper case is replaced', async (t) => {
  const { app } = await startWeb(t);
  const give = (app_id: string, token: string) =>
    app.post('/users/track', { attributes: [{ external_id: 'ada', push_tokens: [{ app_id, token }] }] });
  for (const token of ['fcm:Token-A', ' fcm:Token-A', 'fcm:Token-A\r\n', '\tfcm:Token-A ']) await give(ANDROID, token);
  const apple = 'ab'.repeat(32);
  await give(IOS, apple);
  await app.db.run(sql`update push_targets set token = upper(token) where app_id = ${IOS}`);
  for (const token of [` ${apple}`, apple.toUpperCase(), `<${apple}>`]) await give(IOS, token);
  assert.deepEqual(await holders(app), [
    ['ada', apple],
    ['ada', 'fcm:Token-A'],
  ]);
});

test('a page that knows an endpoint without its keys neither gets the person nor takes the browser away', async (t) => {
  const { app, service } = await startWeb(t);
  const [own, other] = [service.subscription('ada'), service.subscription('other')];
  const guessed = withKeysOf(own, other);
  const visit = (path: string, body: object) =>
    app.post(`/sdk/web-push/${path}`, { app_id: WEB, ...body }, { key: null });
  assert.equal((await visit('subscriptions', { subscription: own, external_id: 'ada' })).status, 201);
  assert.equal((await visit('subscriptions', { subscription: guessed })).status, 201);
  assert.deepEqual(await holders(app), [['ada', own.keys.auth]], 'a visit without a name changes nothing');
  await visit('subscriptions/remove', { subscription: guessed });
  assert.deepEqual(await holders(app), [['ada', own.keys.auth]]);
  assert.equal((await visit('subscriptions', { subscription: guessed, previous: own })).status, 201);
  assert.deepEqual(await holders(app), [['ada', guessed.keys.auth]], 'with the old keys it may bring new ones');
});

test('the server and PostgreSQL agree which device a token leads to', async (t) => {
  const { app } = await startWeb(t);
  const part = fc.constantFrom('{"endpoint":', '"', '\\', '\\"', '\\u0041', 'a', '\n', 'https://x/', ',"keys"', 'é');
  const token = fc.oneof(
    fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
    fc.webUrl().map((endpoint) => JSON.stringify({ endpoint, keys: {} })),
    fc.string({ unit: fc.constantFrom('a', 'F', '0', 'g'), minLength: 1, maxLength: 4 }).map((text) => text.repeat(32)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(token, { minLength: 20, maxLength: 100 }), async (tokens) => {
      const rows = await app.db.query<{ device: string }>(sql`
        select device_of(token) as device from unnest(${tokens}::text[]) with ordinality as x(token, n) order by n`);
      assert.deepEqual(
        rows.map(({ device }) => device),
        tokens.map(deviceOf),
      );
    }),
    { numRuns: 8 },
  );
});

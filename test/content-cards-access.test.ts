// Who may fetch content cards: tokens of users, origins of pages, and how often. Traps 41 and 42.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';
import {
  ANDROID,
  FEED,
  fetchFeed,
  given,
  ORIGIN,
  PLAIN,
  privateKey,
  publicPem,
  SECRET,
  sendCard,
  startCards,
  titlesOf,
  tokenOf,
  WEB,
  workspace,
} from './support/content-cards.ts';

const seconds = (app: { clock: { now(): Date } }) => app.clock.now().getTime() / 1_000;

test('only a token that a key of the app signed with its own algorithm opens cards, and only those of its person', async (t) => {
  const app = await startCards(t);
  await given(app, 'alice', 'bob');
  await sendCard(app, ['alice', 'bob'], { title: 'of {{${user_id}}}' });
  const now = seconds(app);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${part({ alg: 'none' })}.${part({ sub: 'alice', exp: now + 60 })}.`;
  const asSecret = `${part({ alg: 'HS256' })}.${part({ sub: 'alice', exp: now + 60 })}`;
  const forged = `${asSecret}.${createHmac('sha256', publicPem).update(asSecret).digest('base64url')}`;
  const problems: [problem: string, token: string, appId?: string][] = [
    ['expected a JSON Web Token signed with HS256', unsigned],
    ['expected a JSON Web Token signed with HS256', `${unsigned}AAAA`],
    ['expected a JSON Web Token signed with HS256', tokenOf(app, 'alice', { header: { alg: 'hs256' } })],
    ['expected a JSON Web Token signed with HS256', tokenOf(app, 'alice', { key: privateKey })],
    ['expected a JSON Web Token signed with RS256', forged, ANDROID],
    ['expected a JSON Web Token signed with HS256', tokenOf(app, 'alice', { header: { crit: ['b64'] } })],
    [
      'the signature is not that of a key of the app',
      tokenOf(app, 'alice', { key: 'another secret of at least 32 characters' }),
    ],
    ['the signature is not that of a key of the app', `${tokenOf(app, 'alice').replace(/\.[^.]+$/, '')}.AAAA`],
    ['exp: expected seconds since 1970', tokenOf(app, 'alice', { claims: { exp: undefined } })],
    ['exp: expected seconds since 1970', tokenOf(app, 'alice', { claims: { exp: String(now + 60) } })],
    ['exp: has passed', tokenOf(app, 'alice', { claims: { exp: now } })],
    [
      'exp: expected seconds since 1970, at most 24 hours ahead',
      tokenOf(app, 'alice', { claims: { exp: (now + 60) * 1_000 } }),
    ],
    [
      'exp: expected seconds since 1970, at most 24 hours ahead',
      tokenOf(app, 'alice', { claims: { exp: now + 86_401 } }),
    ],
    ['nbf: is not reached yet', tokenOf(app, 'alice', { claims: { nbf: now + 1 } })],
    ['aud: expected the app_id', tokenOf(app, 'alice', { claims: { aud: PLAIN } })],
    ['sub: expected the external id', tokenOf(app, 7)],
    ['sub: expected the external id', tokenOf(app, ' ')],
    ['expected a text', 'x'.repeat(4_097)],
    ['expected a JSON Web Token signed with HS256', 'a.b.c'],
    ['expected a JSON Web Token signed with HS256', app.key],
  ];
  for (const [problem, token, appId] of problems) {
    const { status, body } = await fetchFeed(app, 'alice', { token, ...(appId !== undefined && { appId }) });
    const expected = { message: 'Invalid user token', errors: [`token: ${problem}`] };
    assert.deepEqual([status, body], [401, expected], token);
    assert.ok(!JSON.stringify(body).includes(token), 'no token is repeated');
  }
  const without = await app.get(`${FEED}?app_id=${WEB}`, { key: null });
  assert.deepEqual([without.status, without.body.errors], [401, ['token: expected a text']]);

  assert.deepEqual(await titlesOf(app, 'alice', { query: '&external_user_id=alice' }), ['of alice']);
  const { status, body } = await fetchFeed(app, 'alice', { query: '&external_user_id=bob' });
  assert.deepEqual([status, body.message], [403, 'The token is of another user']);
  for (const claims of [{ aud: WEB.toUpperCase() }, { aud: ['x', WEB] }, { exp: now + 86_400 }, { nbf: now }])
    assert.deepEqual(await titlesOf(app, 'bob', { token: tokenOf(app, 'bob', { claims }) }), ['of bob']);
  const byHeader = await app.get(FEED, {
    key: null,
    headers: { 'x-app-id': WEB, authorization: `bearer ${tokenOf(app, 'bob')}` },
  });
  assert.equal(byHeader.body.cards.length, 1);
});

test('an app without content_cards, an unknown app and wrong parameters are refused', async (t) => {
  const app = await startCards(t);
  const noApp = { message: 'Not Found', errors: ['app_id: expected an app that has content_cards'] };
  for (const appId of [PLAIN, '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7aff', '', 'x', '%00'])
    assert.deepEqual((await fetchFeed(app, 'ada', { appId })).body, noApp, appId);
  assert.deepEqual((await app.get(FEED, { key: null })).body, noApp);
  for (const query of ['&since=soon', '&since=2026-13-01', '&nosuch=1', '&app_id=x'])
    assert.equal((await fetchFeed(app, 'ada', { query })).status, 400, query);
  for (const name of ['\u0000', '\ud800', 'x'.repeat(1_000), "'; --"])
    assert.deepEqual((await fetchFeed(app, name)).body, { cards: [], message: 'success' });
});

test('a preflight is answered without a token, and pages of the app may read every answer', async (t) => {
  const app = await startCards(t);
  const preflight = (origin: string, path = `${FEED}?app_id=${WEB}`) =>
    fetch(app.url + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });
  for (const path of [`${FEED}?app_id=${WEB}`, `${FEED}/events?app_id=${WEB}`]) {
    const { status, headers } = await preflight(ORIGIN, path);
    assert.deepEqual(
      [status, headers.get('access-control-allow-origin'), headers.get('vary')],
      [200, ORIGIN, 'Origin'],
    );
    assert.match(headers.get('access-control-allow-headers') ?? '', /(^|, )authorization(,|$)/);
  }
  for (const [origin, path] of [
    ['https://evil.example.com'],
    [`${ORIGIN}.evil.example.com`],
    ['http://app.example.com'],
    ['null'],
    [ORIGIN, FEED],
    [ORIGIN, `${FEED}?app_id=${ANDROID}`],
  ] as const)
    assert.equal((await preflight(origin, path)).headers.get('access-control-allow-origin'), null, origin);

  const expired = await fetchFeed(app, 'ada', {
    token: tokenOf(app, 'ada', { claims: { exp: 1 } }),
    headers: { origin: ORIGIN },
  });
  assert.equal(expired.status, 401);
  assert.equal(expired.headers.get('access-control-allow-origin'), ORIGIN);
  assert.match(expired.headers.get('vary') ?? '', /\bOrigin\b/);
  const good = await fetchFeed(app, 'ada', { headers: { origin: ORIGIN } });
  assert.deepEqual([good.status, good.headers.get('access-control-allow-origin')], [200, ORIGIN]);
  assert.match(good.headers.get('access-control-expose-headers') ?? '', /\bETag\b/);
  const other = await fetchFeed(app, 'ada', { headers: { origin: 'https://evil.example.com' } });
  assert.deepEqual([other.status, other.body.message], [403, 'Origin not allowed']);
  assert.equal(other.headers.get('access-control-allow-origin'), null);
});

test('a user has 60 polls a minute, or as many as the workspace says, and nobody takes those of another', async (t) => {
  const app = await startCards(t);
  for (let count = 0; count < 60; count += 1) assert.equal((await fetchFeed(app, 'ada')).status, 200);
  const { status, headers, body } = await fetchFeed(app, 'ada', { headers: { origin: ORIGIN } });
  assert.deepEqual([status, headers.get('retry-after'), body.message], [429, '60', 'Rate Limited']);
  assert.equal(headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal((await fetchFeed(app, 'bob')).status, 200);
  app.clock.advance(60_000);
  assert.equal((await fetchFeed(app, 'ada')).status, 200);
  await app.givenWorkspace(`${workspace()}rate_limits: { content_cards_feed: 1 }\n`);
  assert.equal((await fetchFeed(app, 'ada')).status, 429);
  assert.equal((await fetchFeed(app, 'eve')).status, 200);
});

test('a key is changed without a moment at which tokens are refused, and an app may lose its feed', async (t) => {
  const app = await startCards(t);
  const next = 'the next secret, of at least 32 characters';
  const both = workspace().replace(
    `[{ algorithm: HS256, key: "${SECRET}" }]`,
    `[{ algorithm: HS256, key: "${SECRET}" }, { algorithm: HS256, key: "${next}" }]`,
  );
  await app.givenWorkspace(both);
  for (const key of [SECRET, next])
    assert.equal((await fetchFeed(app, 'ada', { token: tokenOf(app, 'ada', { key }) })).status, 200);
  await app.givenWorkspace(workspace().replace(SECRET, next));
  assert.equal((await fetchFeed(app, 'ada')).status, 401);
  assert.equal((await fetchFeed(app, 'ada', { token: tokenOf(app, 'ada', { key: next }) })).status, 200);
  await app.givenWorkspace(`apps: [{ id: ${WEB}, name: Web, platform: web }]\n`);
  assert.equal((await fetchFeed(app, 'ada')).status, 404);
});

test('keys of the workspace file fit their algorithm', async (t) => {
  const app = await startCards(t);
  const pem = JSON.stringify(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const wrong: [feed: string, problem: string][] = [
    ['{ keys: [] }', 'keys: expected at least one key'],
    ['{ keys: [{ algorithm: HS256, key: short }] }', 'keys[0].key: expected at least 32 characters'],
    [
      `{ keys: [{ algorithm: HS256, key: ${JSON.stringify(publicPem)} }] }`,
      'keys[0].key: expected a secret; a PEM key is for RS256',
    ],
    [
      `{ keys: [{ algorithm: RS256, key: "${SECRET}" }] }`,
      'keys[0].key: expected a public RSA key of at least 2048 bits as PEM',
    ],
    [
      `{ keys: [{ algorithm: RS256, key: ${pem} }] }`,
      'keys[0].key: expected a public RSA key of at least 2048 bits as PEM',
    ],
    [`{ keys: [{ algorithm: none, key: "${SECRET}" }] }`, 'keys[0].algorithm: expected one of HS256, RS256'],
    [
      `{ keys: [{ algorithm: HS256, key: "${SECRET}" }], origins: ["*"] }`,
      'origins[0]: expected an origin such as https://app.example.com',
    ],
    [
      `{ keys: [{ algorithm: HS256, key: "${SECRET}" }], origins: ["https://a.test/"] }`,
      'origins[0]: expected an origin such as https://app.example.com',
    ],
  ];
  for (const [feed, problem] of wrong)
    await assert.rejects(
      app.givenWorkspace(`apps: [{ id: ${WEB}, name: Web, platform: web, content_cards: ${feed} }]\n`),
      (error: Error) => error.message.includes(`apps[0].content_cards.${problem}`) && !error.message.includes(SECRET),
      problem,
    );
});

// What every endpoint does before it looks at its request: the path, the key, the content type, the body.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const webhook = { url: 'https://example.com/', request_method: 'POST' };
const good = { external_user_ids: ['ada'], messages: { webhook } };
const SEGMENT = '11111111-1111-4111-8111-111111111111';
const rateHeaders = (headers: Headers) =>
  ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));

/** Every endpoint with a body, with one that it takes. */
const posts = (dispatchId: string): [path: string, body: object][] => [
  ['/messages/send', good],
  ['/users/track', { attributes: [{ external_id: 'bob' }] }],
  ['/users/alias/new', { user_aliases: [{ external_id: 'ada', alias_name: 'a', alias_label: 'l' }] }],
  ['/users/export/ids', { external_ids: ['ada'] }],
  ['/users/delete', { external_ids: ['bob'] }],
  ['/audience/preview', { segment_id: SEGMENT }],
  ['/audience/explain', { segment_id: SEGMENT, external_id: 'ada' }],
  ...['pause', 'resume', 'cancel', 'replay'].map((verb): [string, object] => [`/dispatches/${dispatchId}/${verb}`, {}]),
];

async function start(t: Parameters<typeof startTestApp>[0], requests = '{}'): Promise<TestApp> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`
requests: ${requests}
segments: [{ id: ${SEGMENT}, name: All, filter: null }]`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  return app;
}

async function givenDispatch(app: TestApp): Promise<string> {
  return (await app.post('/messages/send', good)).body.dispatch_id;
}

const nothing = 'body: expected a JSON object, got nothing; send {} if there is nothing to say';

const notJson = 'body: expected a JSON object, got something that is not JSON';

test('a body that is no JSON is refused under both keys; one that is, but no object, under ours', async (t) => {
  const app = await start(t);
  for (const [path] of posts(await givenDispatch(app))) {
    for (const text of ['not json', '', '{', 'external_user_ids=ada']) {
      const { status, body } = await app.post(path, text);
      assert.deepEqual(
        [status, body],
        [
          400,
          {
            message: 'Bad Request',
            errors: [text === '' ? nothing : `${notJson} at line 1, column ${text === '{' ? 2 : 1}`],
            error: 'Error while parsing request body. Please check your syntax.',
          },
        ],
        path,
      );
    }
    for (const text of ['[]', 'null', '7']) {
      const { status, body } = await app.post(path, text);
      assert.deepEqual(
        [status, body],
        [400, { message: 'Bad Request', errors: ['body: expected a JSON object'] }],
        path,
      );
    }
  }
});

test('an unknown path asks for the key first', async (t) => {
  const app = await start(t);
  const limited = await app.givenKey({ permissions: [] });
  const elsewhere = await app.givenKey({ allowFrom: ['10.0.0.0/8'] });
  for (const path of ['/', '/nowhere', '/messages', '/messages/send/x', `/${'x'.repeat(300)}`]) {
    for (const call of [
      (key: string | null) => app.get(path, { key }),
      (key: string | null) => app.post(path, 'not json', { key }),
    ]) {
      const answers = [
        await call(app.key),
        await call(limited),
        await call(elsewhere),
        await call(null),
        await call('x'),
      ];
      assert.deepEqual(
        answers.map(({ status, body }) => [status, body.message]),
        [
          [404, 'Invalid URL'],
          [404, 'Invalid URL'],
          [403, 'Invalid whitelisted IPs'],
          [401, 'Error authenticating credentials'],
          [401, 'Invalid API key: x…'],
        ],
        path,
      );
      for (const { headers } of answers) assert.deepEqual(rateHeaders(headers), ['', '', '']);
    }
  }
  for (const [path, hint] of [
    ['/message/send?x=1', 'path: no endpoint of this server has it; did you mean /messages/send?'],
    [`/${'x'.repeat(300)}`, 'path: no endpoint of this server has it'],
  ] as const)
    assert.deepEqual((await app.get(path)).body, { message: 'Invalid URL', errors: [hint] });
  const { body: refused } = await app.get('/', { key: 'nobody' });
  assert.equal(refused.message, 'Invalid API key: nobo…');
  assert.match(refused.errors[0], /^Authorization: no API key of this server has this value; "cresset keys list"/);
  const unknown = await app.get('/dispatches/019ce000-0000-7000-8000-000000000000');
  assert.deepEqual([unknown.status, unknown.body.message], [404, 'Not Found'], 'an unknown id is no unknown path');
});

test('slashes too many do no harm', async (t) => {
  const app = await start(t);
  for (const path of ['/messages/send/', '//messages/send', '/messages//send', '///messages//send//']) {
    assert.equal((await app.post(path, good)).status, 201, path);
    assert.equal((await app.get(path)).status, 405, path);
  }
  const id = await givenDispatch(app);
  assert.equal((await app.get(`/dispatches//${id}/`)).body.dispatch_id, id);
  assert.equal((await app.get(`/dispatches/${id}/recipients/?limit=1`)).status, 200);
  assert.equal((await app.get('/health/', { key: null })).status, 200);
  assert.equal((await app.post('/messages/send/', good, { key: null })).status, 401);
});

test('the content type matters only to a workspace that says so', async (t) => {
  const app = await start(t);
  const send = (type: string) => app.post('/messages/send', good, { headers: { 'content-type': type } });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) assert.equal((await send(type)).status, 201);
  await app.givenWorkspace('requests: { strict_content_type: true }');
  for (const type of ['application/json', 'Application/JSON; charset=utf-8']) {
    assert.equal((await send(type)).status, 201, type);
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'text/json']) {
    const { status, body, headers } = await send(type);
    assert.deepEqual(
      [status, body],
      [415, { message: 'Unsupported Media Type', errors: ['expected the header "Content-Type: application/json"'] }],
    );
    assert.deepEqual(rateHeaders(headers), ['', '', '']);
  }
  assert.equal((await app.get('/sandbox/messages')).status, 200, 'there is no body to declare');
});

test('a key in the body opens nothing unless the workspace file says so, and the answer says how', async (t) => {
  const app = await start(t);
  for (const [path, body] of posts(await givenDispatch(app))) {
    for (const keyed of [
      { ...body, api_key: app.key },
      { ...body, app_group_id: app.key },
    ]) {
      const { status, body: answer } = await app.post(path, keyed, { key: null });
      assert.deepEqual([status, answer.message], [401, 'Error authenticating credentials'], path);
      assert.match(answer.errors.join(), /requests: \{ key_in_body: true \}/);
      assert.equal(JSON.stringify(answer).includes(app.key), false);
    }
  }
});

test('with the setting, a key in the body opens every endpoint that has one', async (t) => {
  const app = await start(t, '{ key_in_body: true }');
  for (const name of ['api_key', 'app_group_id']) {
    for (const [path, body] of posts(await givenDispatch(app))) {
      const [keyed, usual] = [
        await app.post(path, { ...body, [name]: app.key, company_secret: 's' }, { key: null }),
        await app.post(path, body),
      ];
      assert.ok(keyed.status === 200 || keyed.status === 201 || keyed.status === 409, JSON.stringify(keyed.body));
      if (keyed.status !== 409) assert.equal(keyed.status, usual.status === 409 ? keyed.status : usual.status, path);
      assert.notEqual(keyed.headers.get('x-ratelimit-remaining'), '', path);
    }
  }
  const send = async (members: object, key: string | null = null) => {
    const { status, body } = await app.post('/messages/send', { ...good, ...members }, { key });
    return [status, body.message];
  };
  assert.deepEqual(await send({}), [401, 'Error authenticating credentials']);
  assert.deepEqual(await send({ api_key: 7 }), [401, 'Error authenticating credentials']);
  assert.deepEqual(await send({ api_key: 'nobody knows' }), [401, 'Invalid API key: nobo…']);
  assert.deepEqual(await send({ api_key: app.key }, 'wrong'), [401, 'Invalid API key: wron…'], 'a header goes first');
  const tracker = await app.givenKey({ permissions: ['users.track'] });
  assert.equal((await send({ api_key: tracker }))[0], 403);
  const elsewhere = await app.givenKey({ allowFrom: ['10.0.0.0/8'] });
  assert.deepEqual(await send({ api_key: elsewhere }), [403, 'Invalid whitelisted IPs']);
  assert.equal((await app.post('/messages/send', 'not json', { key: null })).status, 401);
  assert.equal((await app.get('/sandbox/messages', { key: null })).status, 401);
});

test('a key in the body is not stored', async (t) => {
  const app = await start(t, '{ key_in_body: true }');
  const broadcast = { segment_id: SEGMENT, broadcast: true, messages: { webhook }, api_key: app.key };
  const headers = { 'idempotency-key': 'k' };
  const { body } = await app.post('/messages/send', broadcast, { key: null, headers });
  assert.equal(body.cresset, undefined, JSON.stringify(body));
  const [row] = await app.db.query<{ all: string }>(sql`
    select (select json_agg(d) from dispatches d)::text || (select json_agg(a) from activity_log a)::text
        || (select json_agg(i) from idempotency_keys i)::text as all`);
  assert.ok(row?.all.includes(SEGMENT));
  assert.equal(row?.all.includes(app.key), false);
});

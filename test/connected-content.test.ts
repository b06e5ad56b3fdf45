// Templates that make calls: what is asked, what comes of each answer, who shares it. Source: personalization.md §8.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';
import { allowed, bodiesOf, contentServer, json, sendBodies, sendBody, text } from './support/content-server.ts';

test('each answer of a server gives what the specification says', async (t) => {
  const server = await contentServer(t, {
    '/shoe': json({ name: 'Shoe', id: 7 }),
    '/list': json([1, 2]),
    '/hello': text('hello'),
    '/forty-two': text('42'),
    '/missing-json': json({ error: 'gone' }, 404),
    '/broken': json({ error: 'down' }, 502),
    '/away': (response) => void response.writeHead(302, { location: '/shoe' }).end(),
    '/zipped': text(gzipSync('{"name":"Zip"}'), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
    '/unreadable': text('{"name":', { 'content-type': 'application/json' }),
    '/reset': (response) => void response.socket?.destroy(),
  });
  const app = await startTestApp(t);
  await app.givenWorkspace(allowed(server));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada', plan: 'gold & "more"' }] });
  const url = (path: string, options = '') => `{% connected_content ${server.origin}${path} ${options} %}`;
  const status = '{% if p.__http_status_code__ != 200 %}{% abort_message("no data") %}{% endif %}{{p.name}}';
  const table: [template: string, output: string][] = [
    [`${url('/shoe')}{{connected.name}} {{connected.__http_status_code__}}`, 'Shoe 200'],
    [`${url('/shoe', ':save p')}${status}`, 'Shoe'],
    [`${url('/sh\u00a0oe\u00a0', ':save p')}${status}`, 'Shoe'],
    [`${url('/hello', ':save p')}${status}`, 'aborted aborted: no data'],
    [`${url('/nothing', ':save p')}${status}`, 'aborted aborted: no data'],
    [`${url('/list', ':save r')}{{r[0]}}[{{r.__http_status_code__}}]`, '1[]'],
    [`${url('/hello')}!`, 'hello!'],
    [`[${url('/hello', ':save t')}]{{t}}`, '[]hello'],
    [`${url('/forty-two')}`, '42'],
    [`[${url('/nothing')}]{{connected}}`, '[]'],
    [`${url('/missing-json')}{{connected.error}} {{connected.__http_status_code__}}`, 'gone 404'],
    [`${url('/broken', ':save b')}{{b.__http_status_code__}}{% if b.ok %}{% else %} no{% endif %}`, '502 no'],
    [`[${url('/away', ':save a')}{{a}}]`, '[]'],
    [`${url('/zipped')}{{connected.name}}`, 'Zip'],
    [`${url('/unreadable')}`, '{"name":'],
    [`[${url('/reset', ':save a')}{{a}}]`, '[]'],
    [`[{% connected_content {{custom_attribute.\${nowhere}}} :save a %}{{a}}]`, '[]'],
    [`${url('/shoe', ':save a')}{% connected_content ${server.origin}/echo?{{a.id}} :save b %}ok`, 'ok'],
    [
      `${url('/shoe', ':basic_auth nobody')}`,
      'aborted aborted: connected_content: there is no credential of that name',
    ],
    [
      '{% connected_content http://169.254.169.254/latest %}',
      'aborted render_error: messages.webhook.body: connected_content leads to an address or port that may not be called; connected_content.allow in the workspace file lists exceptions, line 1, column 1',
    ],
    [
      `${url('/shoe', ':colour red')}`,
      '400 messages.webhook.body: not a valid template: connected_content: unknown option colour, expected one of method, headers, body, content_type, basic_auth, save, cache_max_age, no_cache, retry, line 1',
    ],
    [
      `${url('/shoe', ':method put')}`,
      '400 messages.webhook.body: not a valid template: connected_content: method: expected get or post, line 1',
    ],
    [
      `${url('/shoe', ':headers {"Host": "x"}')}`,
      '400 messages.webhook.body: not a valid template: connected_content: the header Host is set by the server, line 1',
    ],
  ];
  const sent = await sendBodies(
    app,
    ['ada'],
    table.map(([template]) => template),
  );
  for (const [index, [template, output]] of table.entries()) assert.equal(sent[index]?.ada, output, template);
  assert.deepEqual(
    server.asked.filter(({ url: asked }) => asked.startsWith('/echo')).map(({ url: asked }) => asked),
    ['/echo?7'],
    'what depends on another answer is asked for once it is known',
  );
});

test('a call has the headers, the body and the credential of its tag, and attributes stay where they stand', async (t) => {
  const server = await contentServer(t, { '/x': json({}) });
  const app = await startTestApp(t);
  await app.givenWorkspace(allowed(server));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada', evil: '", "X-Evil": "1' }] });
  const { sealed } = await app.db.one<{ sealed: Buffer }>(sql`select connected_content as sealed from workspaces`);
  assert.doesNotMatch(sealed.toString('latin1'), /s3cret-word|shop/);
  const tags = [
    `{% connected_content ${server.origin}/x?a=1 %}`,
    `{% connected_content ${server.origin}/x?a=2 :content_type text/csv :headers {"X-Name": "{{\${first_name}}} & co",
        "X-Other": "{{custom_attribute.\${evil}}}", "X-N": 5} :basic_auth shop %}`,
    `{% connected_content ${server.origin}/x?a=3 :method post :body a=1&b={{\${first_name}}} %}`,
    `{% connected_content ${server.origin}/x?a=4 :method POST :body a=1&b={{\${first_name}}} :content_type application/json :save y %}`,
    `{% connected_content ${server.origin}/x?a=5 :method post :content_type application/json :body {"a": {"b": "{{\${first_name}}}"}} %}`,
  ];
  assert.deepEqual(await sendBody(app, ['ada'], `${tags.join('')}ok`), { ada: 'ok' });
  const seen = server.asked.map(({ method, headers, body }) => ({
    method,
    body,
    type: headers['content-type'],
    accept: headers.accept,
    own: [headers['x-name'], headers['x-other'], headers['x-n'], headers['x-evil']],
    authorization: headers.authorization,
    agent: headers['user-agent']?.replace(/\d.*/, ''),
  }));
  const common = {
    own: [undefined, undefined, undefined, undefined],
    authorization: undefined,
    agent: 'Cresset Sender ',
  };
  const form = 'application/x-www-form-urlencoded';
  const type = 'application/json';
  assert.deepEqual(seen, [
    { ...common, method: 'GET', body: '', type, accept: '*/*' },
    {
      ...{ method: 'GET', body: '', type: 'text/csv', accept: 'text/csv', agent: 'Cresset Sender ' },
      own: ['Ada & co', '", "X-Evil": "1', '5', undefined],
      authorization: `Basic ${Buffer.from('ada:s3cret-word').toString('base64')}`,
    },
    { ...common, method: 'POST', body: 'a=1&b=Ada', type: form, accept: '*/*' },
    { ...common, method: 'POST', body: '{"a":"1","b":"Ada"}', type, accept: type },
    { ...common, method: 'POST', body: '{"a": {"b": "Ada"}}', type, accept: type },
  ]);
});

test('one answer serves many people for its time, and nobody shares a POST or what is not to be kept', async (t) => {
  const server = await contentServer(t, { '/x': json({ n: 1 }), '/late': json({ n: 2 }) });
  const app = await startTestApp(t);
  await app.givenWorkspace(allowed(server));
  const people = Array.from({ length: 50 }, (_, index) => `p${index}`);
  await app.post('/users/track', { attributes: people.map((external_id) => ({ external_id })) });
  const asked = async (options: string, minutes = 0) => {
    app.clock.advance(minutes * 60_000);
    const before = server.count('/x');
    const got = await sendBody(app, people, `{% connected_content ${server.origin}/x ${options} %}{{connected.n}}`);
    assert.deepEqual(new Set(Object.values(got)), new Set(['1']));
    return server.count('/x') - before;
  };
  assert.equal(await asked(''), 1);
  assert.equal(await asked(''), 0, 'the next dispatch has it, too');
  assert.equal(await asked('', 6), 1, 'after five minutes it is asked for again');
  assert.equal(await asked(':cache_max_age 60', 4), 0, 'less than five minutes means five minutes');
  assert.equal(await asked(':cache_max_age 999999', 6), 1);
  assert.equal(await asked(':cache_max_age 999999', 239), 0, 'more than four hours means four hours');
  assert.equal(await asked(':no_cache'), 50);
  assert.equal(await asked(':method post :body a=1'), 50);
  assert.equal(await asked(':method post :body a=1 :cache_max_age 300'), 1);
  assert.equal(await asked(':basic_auth shop'), 1, 'another credential is another call');
});

test('a message with :retry is put back five times, then given up, and an abort wins over it', async (t) => {
  let isUp = false;
  const server = await contentServer(t, {
    '/x': (response) => json(isUp ? { name: 'Up' } : {}, isUp ? 200 : 503)(response, {} as never),
  });
  const app = await startTestApp(t);
  await app.givenWorkspace(allowed(server));
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }, { external_id: 'bo' }] });
  const tag = `{% connected_content ${server.origin}/x :save p :retry %}`;
  const messages = (body: string) => ({ webhook: { url: 'https://example.test/', request_method: 'POST', body } });
  const send = async (external_user_ids: string[], body: string) => {
    const sent = await app.post('/messages/send', { external_user_ids, messages: messages(body) });
    await app.drain();
    return sent.body.dispatch_id;
  };
  const ada = await send(['ada'], `${tag}{{p.name}}`);
  const waits = async (id: string) => {
    const { body } = await app.get(`/dispatches/${id}/recipients`);
    const [{ status, reason, detail }] = body.recipients;
    return `${status} ${reason}: ${detail}`;
  };
  const failure = 'content_unavailable: connected content did not come: 127.0.0.1 answered 503';
  assert.equal(await waits(ada), `pending ${failure}; retry 1 of 5`);
  for (const [seconds, tries] of [
    [30, 2],
    [60, 3],
    [120, 4],
    [240, 5],
  ] as const) {
    app.clock.advance(seconds * 1_000);
    await app.drain();
    assert.equal(await waits(ada), `pending ${failure}; retry ${tries} of 5`);
  }
  app.clock.advance(480_000);
  await app.drain();
  assert.deepEqual(await bodiesOf(app, ada), { ada: `aborted ${failure}; tried 6 times` });
  assert.equal(server.count('/x'), 6);
  const aborted = await send(
    ['ada'],
    `${tag}{% if p.__http_status_code__ != 200 %}{% abort_message('no') %}{% endif %}`,
  );
  assert.deepEqual(await bodiesOf(app, aborted), { ada: 'aborted aborted: no' });
  const bo = await send(['bo'], `${tag}{{p.name}}`);
  isUp = true;
  app.clock.advance(30_000);
  await app.drain();
  assert.deepEqual(await bodiesOf(app, bo), { bo: 'Up' });
  const replayed = await app.post(`/dispatches/${ada}/replay`, { statuses: ['aborted'] });
  assert.equal(replayed.status, 201, JSON.stringify(replayed.body));
  await app.drain();
  assert.deepEqual(await bodiesOf(app, ada), { ada: 'Up' });
});

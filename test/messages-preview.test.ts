// POST /messages/preview: messages as people would get them, and what their author should know.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';
import { allowed, contentServer, json, text } from './support/content-server.ts';

const group = '11111111-1111-4111-8111-111111111111';
const app = '22222222-2222-4222-8222-222222222222';
const segment = '33333333-3333-4333-8333-333333333333';

test('a preview shows each person the message of a send, says what is missing, and stores and sends nothing', async (t) => {
  const server = await contentServer(t, { '/shoe': json({ name: 'Shoe' }), '/ok': text('ok') });
  const host = await startTestApp(t);
  await host.givenWorkspace(`${allowed(server)}
apps: [{ id: ${app}, name: Shop, platform: android }]
email: { default_from: "Acme <hello@acme.test>" }
subscription_groups: [{ id: ${group}, name: Texts, channel: sms }]
segments: [{ id: ${segment}, name: All, filter: null }]
campaigns:
  - id: hello
    name: Hello
    kind: api_triggered
    paused: true
    messages: { webhook: { url: "https://example.test/", request_method: POST, body: "{{\${first_name}}} {{api_trigger_properties.\${code}}}" } }
`);
  await host.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', email: 'ada@example.test', plan: 'gold' },
      { external_id: 'bob', email: 'bob@example.test', email_subscribe: 'unsubscribed' },
    ],
  });
  const ask = (body: object, options = {}) => host.post('/messages/preview', body, options);
  const email = {
    app_id: app,
    subject: 'Hi {{${first_name}}}',
    body: `<p>{{custom_attribute.\${plan}}} {% connected_content ${server.origin}/shoe %}{{connected.name}}</p><a href="${server.origin}/ok">a</a> <a href="${server.origin}/gone?u={{\${user_id}}}">b</a> <a href="http://10.0.0.1/">c</a>`,
  };
  const shown = await ask({ messages: { email }, external_user_ids: ['ada', 'bob', 'zoe'], check_links: true });
  assert.equal(shown.status, 201, JSON.stringify(shown.body));
  const { previews } = shown.body;
  const ada = previews.find((one: { external_id: string }) => one.external_id === 'ada');
  const bob = previews.find((one: { external_id: string }) => one.external_id === 'bob');
  assert.deepEqual([shown.body.targeted, previews.length, shown.body.message], [3, 2, 'success']);
  assert.deepEqual(
    shown.body.refused.map((one: { external_id: string; reason: string }) => [one.external_id, one.reason]),
    [['zoe', 'unknown_user']],
  );
  assert.deepEqual(
    [ada.status, ada.reason, ada.address, ada.message.subject, ada.missing, ada.problem, ada.warnings],
    ['would_be_sent', null, 'ada@example.test', 'Hi Ada', [], null, []],
  );
  assert.match(ada.message.html, /<p>gold Shoe<\/p>/);
  assert.deepEqual(
    ada.calls.map(({ took_ms: _, ...call }: { took_ms: number }) => call),
    [{ method: 'GET', url: `${server.origin}/shoe`, status: 200, failure: null }],
  );
  assert.deepEqual(
    [bob.status, bob.reason, bob.message.subject, bob.missing],
    [
      ...['skipped', 'unsubscribed', 'Hi '],
      [
        { name: '${first_name}', paths: ['messages.email.subject'] },
        { name: 'custom_attribute.${plan}', paths: ['messages.email.body'] },
      ],
    ],
  );
  assert.deepEqual(ada.size, { bytes: Buffer.byteLength(ada.message.html + ada.message.plaintext), most_bytes: null });
  const links = new Map(shown.body.links.map((one: { url: string }) => [one.url, one]));
  assert.deepEqual(links.get(`${server.origin}/ok`), { url: `${server.origin}/ok`, status: 200, failure: null });
  assert.deepEqual(links.get(`${server.origin}/gone?u=ada`), {
    ...{ url: `${server.origin}/gone?u=ada`, status: 404, failure: '127.0.0.1 answered 404' },
  });
  assert.deepEqual(links.get('http://10.0.0.1/'), {
    ...{ url: 'http://10.0.0.1/', status: null, failure: 'may not be called from here' },
  });
  assert.equal(server.count('/shoe'), 1, 'one call serves both');

  const sms = { app_id: app, subscription_group_id: group, body: '{{${first_name}}}{{custom_attribute.${emoji}}}' };
  const android_push = { title: 't', alert: '{{${first_name}}}' };
  const inline = await ask({
    messages: { sms, android_push },
    attributes: [{ first_name: 'x'.repeat(161) }, { first_name: 'Zoë', emoji: '🎉' }, {}],
  });
  assert.deepEqual(
    inline.body.previews.map((one: Record<string, unknown>) => [
      ...[one.attributes_index, one.channel, one.status, one.reason, one.segments],
      ...[
        (one.problem as { detail: string } | null)?.detail ?? null,
        (one.size as { most_bytes: number } | null)?.most_bytes,
      ],
    ]),
    [
      [0, 'android_push', 'skipped', 'no_address', null, null, 4096],
      [0, 'sms', 'skipped', 'no_address', { encoding: 'GSM-7', count: 2 }, null, null],
      [1, 'android_push', 'skipped', 'no_address', null, null, 4096],
      [1, 'sms', 'skipped', 'no_address', { encoding: 'UCS-2', count: 1 }, null, null],
      [2, 'android_push', 'skipped', 'no_address', null, 'alert is blank after rendering', undefined],
      [2, 'sms', 'skipped', 'no_address', null, 'body is blank after rendering', undefined],
    ],
  );

  const sample = await ask({ messages: { email }, segment_id: segment, sample_size: 1 });
  assert.deepEqual([sample.body.targeted, sample.body.previews.length, sample.body.links], [2, 1, undefined]);
  const held = await ask({ campaign_id: 'hello', external_user_ids: ['ada'], trigger_properties: { code: 'X1' } });
  assert.deepEqual([held.status, held.body.previews?.[0]?.message.body], [201, 'Ada X1'], JSON.stringify(held.body));
  const empty = await ask({
    messages: { webhook: { url: 'https://example.test/{{${user_id}}}', request_method: 'GET' } },
  });
  assert.deepEqual([empty.body.targeted, empty.body.previews[0].attributes_index], [0, 0]);

  for (const [body, warning] of [
    [{ messages: { email }, atributes: [{}] }, 'atributes: not known, ignored; did you mean attributes?'],
    [{ messages: { email }, sample_sise: 1 }, 'sample_sise: not known, ignored; did you mean sample_size?'],
    [{ campaign_id: 'hello', atributes: [{}] }, 'atributes: not known, ignored; did you mean attributes?'],
    [{ campaign_id: 'hello', zzz: 1 }, 'zzz: not known, ignored'],
  ] as const) {
    const { cresset } = (await ask({ ...body, external_user_ids: ['ada'] })).body;
    assert.ok(cresset.warnings.includes(warning), JSON.stringify(cresset));
  }

  const refusals: [body: object, error: RegExp][] = [
    [{ messages: { email: { ...email, body: '{{' } } }, /messages\.email\.body: not a valid template/],
    [{ messages: { email }, attributes: [{}, 5] }, /^attributes\[1\]: expected an object, got 5/],
    [
      { messages: { email }, attributes: { email: 'no' } },
      /^attributes: The value provided for the 'email' field is not a valid email/,
    ],
    [{ messages: { email }, segment_id: segment, sample_size: 0 }, /^sample_size: expected an integer from 1 to 20/],
    [{ external_user_ids: ['ada'] }, /^messages: expected an object/],
    [{ campaign_id: 'hello', external_user_ids: ['ada'], segment_id: segment }, /^segment_id: is not known here/],
  ];
  for (const [body, error] of refusals) {
    const refused = await ask(body);
    assert.equal(refused.status, 400, JSON.stringify(body));
    assert.match(refused.body.errors[0], error);
  }
  const stranger = await host.givenKey({ permissions: ['audience.preview'] });
  assert.equal((await ask({ messages: { email } }, { key: stranger })).status, 403);
  await host.drain();
  const { stored } = await host.db.one<{ stored: number }>(sql`
    select ((select count(*) from dispatches) + (select count(*) from sends) + (select count(*) from tasks))::int as stored`);
  assert.equal(stored, 0);
});

test('a preview of somebody who is not stored has links and a pixel of the tracking, which lead nowhere', async (t) => {
  const host = await startTestApp(t);
  await host.givenWorkspace(`
tracking: { opens: true, clicks: true, hidden_link: true }
email: { default_from: "Acme <hello@acme.test>" }
campaigns:
  - id: hello
    name: Hello
    kind: api_triggered
    messages: { email: { app_id: any, subject: S, body: '<p>x</p><a href="https://example.test/">a</a>' } }
`);
  const email = { app_id: 'any', subject: 'S', body: '<p>x</p><a href="https://example.test/">a</a>' };
  await host.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  const stored = await host.post('/messages/preview', { messages: { email }, external_user_ids: ['ada'] });
  const bytesOf = ({ body }: { body: { previews: { size: { bytes: number } }[] } }) =>
    body.previews.map(({ size }) => size.bytes);
  for (const body of [
    { messages: { email } },
    { messages: { email }, attributes: [{}, {}] },
    { campaign_id: 'hello' },
  ]) {
    const shown = await host.post('/messages/preview', body);
    assert.equal(shown.status, 201, JSON.stringify(shown.body));
    const { html } = shown.body.previews[0].message;
    const made = [...html.matchAll(/"https?:\/\/[^"/]+(\/[lo]\/[^"]+)"/g)].map(([, path = '']) => path);
    assert.deepEqual(made.map((path) => path.slice(0, 10)).sort(), ['/l/preview', '/l/preview', '/o/preview'], html);
    for (const path of made) assert.equal((await fetch(host.url + path)).status, 404, path);
    assert.deepEqual(new Set(bytesOf(shown)), new Set(bytesOf(stored)), 'it is as long as that of a stored person');
  }
});

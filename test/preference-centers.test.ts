// Preference centers: pages on which people choose what they get.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const NEWS = '55555555-5555-4555-8555-555555555555';
const ALERTS = '55555555-5555-4555-8555-555555555556';
const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const PATH = '/preference_center/v1';
const DAY_MS = 86_400_000;

const page = `<h1>{{\${first_name}}}, {{custom_attribute.\${plan}}}: {{subscribed_state.\${email_global}}}, {{subscribed_state.\${${NEWS}}}}</h1>
<form action="{{preference_center_submit_url}}" method="post">
<input type="hidden" name="{% form_field_name :email_global_state %}" value="unsubscribed">
<input type="checkbox" name="{%- form_field_name :subscription_group ${NEWS} -%}" value="subscribed"></form>`;
const html = {
  preference_center_page_html: page,
  confirmation_page_html: '<p>Now {{subscribed_state.${email_global}}}</p>',
};

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${NEWS}, name: News, channel: email }
  - { id: ${ALERTS}, name: Alerts, channel: sms }
rate_limits: { preference_center_write: 1000 }`);
  const attributes = [
    { external_id: 'ada', first_name: '<b>Ada</b>', plan: '"gold"', email: 'ada@example.test', phone: '+14155550100' },
    { external_id: 'bob', email: 'Ada@example.test' },
  ];
  assert.equal((await app.post('/users/track', { attributes })).body.attributes_processed, 2);
  return app;
}

async function urlOf(app: TestApp, id: string): Promise<string> {
  const { status, body } = await app.get(`${PATH}/${id}/url/ada`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.match(body.preference_center_url, /^http:\/\/cresset\.test\/p\/[\w.-]+$/);
  return app.url + new URL(body.preference_center_url).pathname;
}

test('a person opens the page, chooses, and everybody with the address has the new states', async (t) => {
  const app = await start(t);
  const made = await app.post(PATH, { name: 'Choices-1', ...html });
  const { preference_center_api_id: id, ...rest } = made.body;
  assert.deepEqual(
    [made.status, rest],
    [
      201,
      { liquid_tag: '{{preference_center.${Choices-1}}}', created_at: '2026-03-15T12:00:00.000Z', message: 'success' },
    ],
  );
  const url = await urlOf(app, id);
  const opened = await fetch(url);
  const text = await opened.text();
  assert.match(text, /<h1>&lt;b&gt;Ada&lt;\/b&gt;, &quot;gold&quot;: subscribed, <\/h1>/);
  assert.ok(text.includes('<form action="?" method="post">'), text);
  assert.ok(text.includes('name="email_global_state" value="unsubscribed"'), text);
  assert.ok(text.includes(`name="subscription_group.${NEWS}" value="subscribed"`), text);
  assert.ok(text.includes('<title>Preference Center</title>') && text.includes('noindex'), text);
  assert.deepEqual(
    [opened.status, opened.headers.get('x-frame-options'), opened.headers.get('cache-control')],
    [200, 'DENY', 'no-store'],
  );
  assert.match(
    opened.headers.get('content-security-policy') ?? '',
    /^default-src 'none'; .*form-action 'self'; .*frame-ancestors 'none'$/,
  );

  const post = async (form: [string, string][]) =>
    (await fetch(url, { method: 'POST', body: new URLSearchParams(form) })).text();
  const states = async () => {
    const { users } = (
      await app.post('/users/export/ids', { external_ids: ['ada', 'bob'], fields_to_export: ['email_subscribe'] })
    ).body;
    const of = async (group: string) =>
      (await app.get(`/subscription/status/get?subscription_group_id=${group}&external_id[]=ada&external_id[]=bob`))
        .body.status;
    const [news, alerts] = [await of(NEWS), await of(ALERTS)];
    return [users.map((one: Record<string, string>) => one.email_subscribe).join(), news.ada, news.bob, alerts.ada];
  };
  assert.deepEqual(await states(), ['subscribed,subscribed', 'Unknown', 'Unknown', 'Unknown']);
  const group = (id: string) => `subscription_group.${id}`;
  // A hidden input says what an empty box means, so the last value counts.
  await post([
    [group(NEWS), 'unsubscribed'],
    [group(NEWS), 'subscribed'],
    [group(ALERTS.toUpperCase()), 'on'],
  ]);
  assert.deepEqual(
    await states(),
    ['subscribed,subscribed', 'Subscribed', 'Subscribed', 'Subscribed'],
    'what is not posted stays',
  );
  assert.match(
    await post([
      ['email_global_state', 'unsubscribed'],
      [group(ALERTS), 'unsubscribed'],
    ]),
    /<p>Now unsubscribed<\/p>/,
  );
  assert.deepEqual(await states(), ['unsubscribed,unsubscribed', 'Subscribed', 'Subscribed', 'Unsubscribed']);
  await post([
    ['email_global_state', 'maybe'],
    [group(NEWS), 'gone'],
    [group('nosuch'), 'subscribed'],
    ['x', 'y'],
  ]);
  assert.deepEqual(await states(), ['unsubscribed,unsubscribed', 'Subscribed', 'Subscribed', 'Unsubscribed']);
  await post([['email_global_state', 'on']]);
  const record = await app.get('/users/ada/consent?limit=1');
  assert.deepEqual(
    record.body.consent_changes.map(({ door, state, ip }: Record<string, string>) => [door, state, ip]),
    [['link', 'opted_in', '127.0.0.1']],
  );

  // A message has the person's own address of the page.
  const email = {
    app_id: APP,
    from: 'a@acme.test',
    subject: 's',
    body: '<a href="{{preference_center.${Choices-1}}}">x</a>[{{preference_center.${nosuch}}}]',
  };
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await app.drain();
  const sent: string = (await app.get('/sandbox/messages?external_id=ada')).body.messages[0].message.html;
  const [, inMail = ''] = /<a href="http:\/\/cresset\.test(\/p\/[^"]+)">x<\/a>\[\]/.exec(sent) ?? [];
  assert.equal((await fetch(app.url + inMail)).status, 200, sent);

  const token = new URL(url).pathname;
  for (const forged of [
    token.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')), // its upper two bits count, so B would be A
    token.replace(/\.\d+\./, '.9.'),
    '/p/x',
  ])
    assert.equal((await fetch(app.url + forged)).status, 404, forged);
  const updated = await app.call('PUT', `${PATH}/${id}`, { ...html, state: 'draft', preference_center_title: 'T' });
  assert.deepEqual([updated.status, updated.body.preference_center_api_id], [200, id]);
  assert.equal((await fetch(url)).status, 404, 'nobody opens a draft');
  assert.deepEqual((await app.get(`${PATH}/${id}/url/ada`)).body.errors, ['the preference center is a draft']);
  assert.equal((await app.post(`${PATH}/${id}`, html)).status, 200);
  assert.equal((await fetch(url)).status, 200);
  app.clock.advance(31 * DAY_MS);
  assert.equal((await fetch(url)).status, 410);
  await app.post('/users/delete', { external_ids: ['ada'] });
  app.clock.advance(-31 * DAY_MS);
  assert.equal((await fetch(url)).status, 404);
});

test('centers are listed and read, and wrong ones are refused with the path of each problem', async (t) => {
  const app = await start(t);
  const link = { rel: 'icon', href: 'https://acme.test/i.png', type: 'image/png', sizes: '16x16' };
  const options = { 'meta-viewport-content': 'width=500', 'link-tags': [link] };
  const { body } = await app.post(PATH, {
    name: 'one',
    ...html,
    options,
    preference_center_title: 'A & B',
    state: 'active',
  });
  const id = body.preference_center_api_id;
  const times = { created_at: '2026-03-15T12:00:00.000Z', updated_at: '2026-03-15T12:00:00.000Z' };
  assert.deepEqual((await app.get(`${PATH}/list`)).body, {
    preference_centers: [{ name: 'one', preference_center_api_id: id, ...times }],
    message: 'success',
  });
  assert.deepEqual((await app.get(`${PATH}/${id}`)).body, {
    ...{ name: 'one', preference_center_api_id: id, ...times, preference_center_title: 'A & B', ...html },
    ...{
      redirect_page_html: null,
      preference_center_options: { 'meta-viewport-content': 'width=500', 'links-tags': [link] },
    },
    ...{ state: 'active', message: 'success' },
  });
  const text = await (await fetch(await urlOf(app, id))).text();
  assert.ok(text.includes('<title>A &amp; B</title>') && text.includes('content="width=500"'), text);
  assert.ok(text.includes('<link rel="icon" href="https://acme.test/i.png" type="image/png" sizes="16x16">'), text);
  const at = 'options.links-tags[0]';
  const rows: [body: object, error: string][] = [
    [{ name: 'one' }, 'name: another preference center is named one'],
    [{ name: 'a b' }, 'name: expected 1 to 255 letters, digits, - and _'],
    [{ name: undefined }, 'name: expected 1 to 255 letters, digits, - and _'],
    [{ preference_center_page_html: '' }, 'preference_center_page_html: expected HTML, got'],
    [{ confirmation_page_html: 7 }, 'confirmation_page_html: expected HTML, got'],
    [{ confirmation_page_html: '{% if %}' }, 'confirmation_page_html: '],
    [
      { preference_center_page_html: 'x'.repeat(409_601) },
      'preference_center_page_html: expected at most 409600 bytes',
    ],
    [{ preference_center_title: {} }, 'preference_center_title: expected a text'],
    [{ state: 'live' }, 'state: expected active or draft'],
    [{ options: 'x' }, 'options: expected an object'],
    [{ options: { 'links-tags': {} } }, ''],
    [{ options: { 'links-tags': [7] } }, `${at}: expected an object`],
    [
      { options: { 'links-tags': [{ ...link, rel: 'stylesheet' }] } },
      `${at}.rel: expected one of icon, shortcut icon, apple-touch-icon`,
    ],
    [
      { options: { 'links-tags': [{ ...link, href: 'javascript:alert(1)' }] } },
      `${at}.href: expected a URL that begins with https://`,
    ],
    [{ options: { 'links-tags': [{ ...link, type: 'text/css' }] } }, `${at}.type: expected one of`],
  ];
  for (const [more, error] of rows.filter(([, said]) => said !== '')) {
    const answer = await app.post(PATH, { name: 'two', ...html, ...more });
    assert.deepEqual([answer.status, answer.body.message], [400, 'Bad Request'], JSON.stringify(more).slice(0, 100));
    assert.ok(answer.body.errors[0].startsWith(error), `${error}: ${JSON.stringify(answer.body)}`);
  }
  for (const unknown of ['nosuch', '11111111-1111-4111-8111-111111111111']) {
    for (const answer of [
      await app.get(`${PATH}/${unknown}`),
      await app.get(`${PATH}/${unknown}/url/ada`),
      await app.call('PUT', `${PATH}/${unknown}`, html),
    ])
      assert.deepEqual([answer.status, answer.body.message], [404, 'Not Found']);
  }
  assert.deepEqual((await app.get(`${PATH}/${id}/url/nobody`)).body.errors, ['nobody has this external id']);
  const key = await app.givenKey({ permissions: ['preference_center.get'] });
  assert.equal((await app.post(PATH, { name: 'x', ...html }, { key })).status, 403);
  await app.givenWorkspace('rate_limits: {}');
  const headers = (await app.get(`${PATH}/list`)).headers;
  assert.equal(headers.get('x-ratelimit-limit'), '1000');
  assert.equal((await app.call('PUT', `${PATH}/${id}`, html)).headers.get('x-ratelimit-limit'), '10');
});

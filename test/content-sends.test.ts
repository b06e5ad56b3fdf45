// Messages that take their texts from stored templates and content blocks: what they render, when it is read, and limits.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { StoredTexts } from '../src/content/texts.ts';
import { sql } from '../src/db/sql.ts';
import { DispatchCache, loadDispatches } from '../src/dispatch/plan/loaded-dispatch.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { dashed } from '../src/lib/uuid.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { TestClock } from './support/clock.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const from = 'Acme <hello@acme.test>';
const email = { app_id: APP, from };

async function start(t: TestContext, options: Parameters<typeof startTestApp>[1] = {}): Promise<TestApp> {
  const app = await startTestApp(t, options);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms }]`);
  const attributes = ['Ada', 'Ben'].map((first_name) => ({
    ...{ external_id: first_name.toLowerCase(), first_name, email: `${first_name}@acme.test`, phone: '+43664123456' },
    subscription_groups: [{ subscription_group_id: TEXTS, subscription_state: 'subscribed' }],
  }));
  assert.equal((await app.post('/users/track', { attributes })).status, 201);
  return app;
}

async function givenBlock(app: TestApp, name: string, content: string, more: object = {}): Promise<string> {
  const { status, body } = await app.post('/content_blocks/create', { name, content, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  return body.content_block_id;
}

async function givenTemplate(app: TestApp, texts: object): Promise<string> {
  const given = { template_name: 't', subject: 'S', body: '<p>B</p>', ...texts };
  const { status, body } = await app.post('/templates/email/create', given);
  assert.equal(status, 201, JSON.stringify(body));
  return body.email_template_id;
}

async function change(app: TestApp, path: string, body: object): Promise<void> {
  const answer = await app.post(path, body);
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
}

async function accept(app: TestApp, messages: object, more: object = {}): Promise<string> {
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  return body.dispatch_id;
}

/** Waits for a dispatch of another server, of which the worker hears by a notice. */
async function finished(app: TestApp, id: string): Promise<void> {
  for (let state = ''; state !== 'finished'; { state } = (await app.get(`/dispatches/${id}`)).body) await app.drain();
}

/** The newest message of a person in the sandbox. */
async function messageOf(app: TestApp, who = 'ada'): Promise<Record<string, string>> {
  const { body } = await app.get(`/sandbox/messages?external_id=${who}`);
  return body.messages[0].message;
}

async function rendered(app: TestApp, text: string): Promise<string | undefined> {
  await accept(app, { sms: { app_id: APP, subscription_group_id: TEXTS, body: text } });
  await app.drain();
  app.clock.advance(1_000);
  return (await messageOf(app)).body;
}

const including = (name: string) => `{{content_blocks.\${${name}}}}`;

test('content blocks are rendered in place', async (t) => {
  const app = await start(t);
  await givenBlock(app, 'c', 'C');
  await givenBlock(app, 'b', `B${including('c')}`);
  await givenBlock(app, 'a', `A${including('b')}`);
  await givenBlock(app, 'sets', '{% assign z = 1 %}');
  await givenBlock(app, 'name', '{{${first_name}}}{{x}}');
  await givenBlock(app, 'stops', '{% if i == 2 %}{% break %}{% endif %}');
  await givenBlock(app, '__proto__', 'proto');
  const rows: [text: string, output: string][] = [
    // traps: the third level vanishes with its tag; variables are those of the text
    [including('a'), 'AB'],
    [`${including('sets')}{{z}}`, '1'],
    [`{% assign x = '!' %}Hi ${including('name')}`, 'Hi Ada!'],
    [`${including('name')}${including('name')}`, 'AdaAda'],
    [`${including('a')}-${including('b')}-${including('c')}`, 'AB-BC-C'],
    ['{{ content_blocks.${name} | upcase }}', 'ADA'],
    [`{% assign y = {{content_blocks.\${name}}} %}[{{y}}]`, '[Ada]'],
    [`{% if content_blocks.\${name} == 'Ada' %}yes{% endif %}`, 'yes'],
    [`{% for i in (1..3) %}{{i}}${including('stops')}{% endfor %}.`, '12.'],
    [`{% capture y %}${including('a')}{% endcapture %}{{ y | size }}`, '2'],
    [including('__proto__'), 'proto'],
    [`{% raw %}${including('nope')}{% endraw %}`, including('nope')],
  ];
  for (const [text, output] of rows) assert.equal(await rendered(app, text), output, text);

  await givenBlock(app, 'html', `<b>${including('name')}</b><!-- ${including('name')}{% abort_message %} -->`);
  const body = `<p>${including('html')}<!-- ${including('nope')} --></p>`;
  const webhook = {
    url: 'https://acme.test/',
    request_method: 'POST',
    body: including('c'),
    request_headers: { a: including('name') },
  };
  await accept(app, { email: { ...email, body, subject: including('a'), headers: { 'X-A': including('name') } } });
  await app.drain();
  const mail = await messageOf(app);
  assert.deepEqual([mail.html, mail.subject, mail.headers], ['<p><b>Ada</b></p>', 'AB', { 'X-A': 'Ada' }]);
  app.clock.advance(1_000);
  await accept(app, { webhook });
  await app.drain();
  assert.equal((await messageOf(app)).body, 'C');
});

test('a mail takes from its template what it does not say itself', async (t) => {
  const app = await start(t);
  const texts = {
    ...{ subject: 'Hi {{${first_name}}}', body: '<body>{{${first_name}}}', preheader: 'P{{${first_name}}}' },
    ...{ plaintext_body: 'plain {{${first_name}}}', should_inline_css: true },
  };
  const id = await givenTemplate(app, texts);
  const bare = await givenTemplate(app, {});
  const hidden = (text: string) => `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${text}</div>`;
  const rows: [message: object, subject: string, html: string, plaintext: string][] = [
    [{ email_template_id: id }, 'Hi Ada', `<body>${hidden('PAda')}Ada`, 'plain Ada'],
    [{ email_template_id: id.toUpperCase(), subject: 'own' }, 'own', `<body>${hidden('PAda')}Ada`, 'plain Ada'],
    [{ email_template_id: id, body: '<body>own' }, 'Hi Ada', `<body>${hidden('PAda')}own`, 'own'],
    [{ email_template_id: id, preheader: 'own' }, 'Hi Ada', `<body>${hidden('own')}Ada`, 'plain Ada'],
    [{ email_template_id: id, plaintext_body: 'own' }, 'Hi Ada', `<body>${hidden('PAda')}Ada`, 'own'],
    [{ email_template_id: bare, subject: '' }, 'S', '<p>B</p>', 'B'],
  ];
  for (const [message, ...parts] of rows) {
    await accept(app, { email: { ...email, ...message } });
    await app.drain();
    app.clock.advance(1_000);
    const { subject, html, plaintext } = await messageOf(app);
    assert.deepEqual([subject, html, plaintext?.trim()], parts, JSON.stringify(message));
  }
  const messages = { email: { ...email, email_template_id: id } };
  const dry = await app.post('/messages/send', { external_user_ids: ['ada'], messages, cresset: { dry_run: true } });
  assert.equal(dry.body.samples[0].message.subject, 'Hi Ada');
  assert.equal(dry.body.cresset, undefined, 'nothing is left out, so there is no warning');
});

test('a send that names what cannot be used is refused with the place', async (t) => {
  const app = await start(t, { worker: false });
  await givenBlock(app, 'draft', 'D', { state: 'draft' });
  await givenBlock(app, 'around', `A${including('draft')}`);
  const template = await givenTemplate(app, { body: `<p>\n${including('around')}</p>` });
  const large = Array.from({ length: 21 }, (_, n) => `large${n}`);
  for (const name of large) await givenBlock(app, name, 'x'.repeat(51_000));
  const unknown = '00000000-0000-7000-8000-000000000000';
  const at = 'messages.email';
  const rows: [message: object, errors: string[]][] = [
    [
      { email_template_id: unknown },
      [`${at}.email_template_id: does not name an email template of this workspace, got "${unknown}"`],
    ],
    [
      { email_template_id: 'x\0' },
      [`${at}.email_template_id: does not name an email template of this workspace, got "x?"`],
    ],
    [{ body: `a\n${including('nope')}` }, [`${at}.body: not a valid template: unknown content block nope, line 2`]],
    [{ body: including('no such') }, [`${at}.body: not a valid template: unknown content block, line 1`]],
    [
      { body: 'b', subject: including('draft') },
      [`${at}.subject: not a valid template: content block draft is a draft, line 1`],
    ],
    [{ body: including('around') }, [`${at}.body: not a valid template: content block draft is a draft, line 1`]],
    [
      { email_template_id: template },
      [`${at}.email_template_id.body: not a valid template: content block draft is a draft, line 2`],
    ],
    [
      { body: large.map(including).join('') },
      ['messages: expected at most 1048576 bytes of content blocks, got 1071042'],
    ],
    [
      { body: 'b', email_template_id: unknown, subject: '{% if %}' },
      [
        `${at}.subject: not a valid template: condition: expected values compared by ==, !=, <, >, <=, >= or contains, joined by and, or, line 1`,
      ],
    ],
  ];
  rows.push([
    { body: Array.from({ length: 201 }, (_, n) => including(`n${n}`)).join('') },
    ['messages: expected at most 200 content blocks, got 201'],
  ]);
  for (const [message, errors] of rows) {
    const { status, body } = await app.post('/messages/send', {
      ...{ external_user_ids: ['ada'], messages: { email: { subject: 's', ...email, ...message } } },
    });
    assert.deepEqual([status, body.message], [400, 'Bad Request'], JSON.stringify(body));
    assert.deepEqual(body.errors, errors);
  }
  for (const name of ['d1', 'd2', 'd3'].reverse())
    await givenBlock(app, name, name === 'd3' ? 'x' : including(`d${Number(name.slice(1)) + 1}`));
  const webhook = {
    url: 'https://acme.test/',
    request_method: 'POST',
    body: `${including('d1')}{{content_blocks.d1}}`,
  };
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  assert.deepEqual(body.cresset.warnings, [
    'messages.webhook.body: {{content_blocks.d1}} renders to nothing; did you mean {{content_blocks.${d1}}}?',
    'messages.webhook.body: content block d3 is nested more than 2 deep and renders to nothing',
  ]);
});

test('a dispatch has the content of its acceptance, everywhere and for ever; the next request has the new one', async (t) => {
  const app = await start(t, { worker: false });
  const inner = await givenBlock(app, 'inner', 'old');
  await givenBlock(app, 'outer', `(${including('inner')})`);
  const id = await givenTemplate(app, { subject: 'old', body: `<p>${including('outer')}</p>` });
  const messages = { email: { ...email, email_template_id: id } };
  const first = await accept(app, messages, { external_user_ids: ['ada', 'ben'] });
  app.clock.advance(1_000);
  await change(app, '/content_blocks/update', { content_block_id: inner, content: 'new', state: 'active' });
  await change(app, '/templates/email/update', { email_template_id: id, subject: 'new' });
  await app.startAnotherWorker();
  await finished(app, first);
  for (const who of ['ada', 'ben']) {
    const { subject, html } = await messageOf(app, who);
    assert.deepEqual([subject, html], ['old', '<p>(old)</p>']);
  }
  // Another server, which has used the old texts, sees a change at once.
  const url = await app.startAnotherServer();
  for (const text of ['new', 'newer', 'newest']) {
    await change(app, '/content_blocks/update', { content_block_id: inner, content: text });
    app.clock.advance(1_000);
    const sent = await app.post('/messages/send', { external_user_ids: ['ada'], messages }, { url });
    assert.equal(sent.status, 201, JSON.stringify(sent.body));
    await finished(app, sent.body.dispatch_id);
    const { subject, html } = await messageOf(app);
    assert.deepEqual([subject, html], ['new', `<p>(${text})</p>`]);
  }
  await change(app, '/content_blocks/update', { content_block_id: inner, state: 'draft' });
  assert.equal((await app.post('/messages/send', { external_user_ids: ['ada'], messages }, { url })).status, 400);
});

test('a text that was replaced is dropped when no dispatch can need it, and not before', async (t) => {
  const app = await start(t, { worker: false });
  const block = await givenBlock(app, 'b', 'old');
  const messages = { webhook: { url: 'https://acme.test/', request_method: 'POST', body: including('b') } };
  const id = await accept(app, messages);
  assert.equal((await app.post(`/dispatches/${id}/pause`, {})).status, 201);
  await change(app, '/content_blocks/update', { content_block_id: block, content: 'new' });
  await change(app, '/content_blocks/update', { content_block_id: block, content: 'newest' });
  const textsAfter = async (days: number) => {
    const clock = new TestClock(new Date(app.clock.now().getTime() + days * 86_400_000).toISOString());
    await keepHouse({ db: app.db, clock, log: pino({ level: 'silent' }), retentionDays: 2 });
    return (await app.db.query(sql`select 1 from content_texts`)).length;
  };
  assert.equal(await textsAfter(10), 3, 'a dispatch that is not over keeps its day');
  assert.equal((await app.post(`/dispatches/${id}/resume`, {})).status, 201);
  await app.startAnotherWorker();
  await finished(app, id);
  assert.equal((await messageOf(app)).body, 'old');
  assert.equal(await textsAfter(2), 3);
  assert.equal(await textsAfter(3), 3, 'a day more than the dispatches');
  assert.equal(await textsAfter(4), 1);
  assert.equal((await app.get(`/content_blocks/info?content_block_id=${block}`)).body.content, 'newest');
});

test('content blocks are limited by the budget of the message', async (t) => {
  const app = await start(t);
  await givenBlock(app, 'long', 'x'.repeat(50_000));
  await givenBlock(app, 'turns', '{% for i in (1..6000) %}{% endfor %}');
  await givenBlock(app, 'many', including('long').repeat(1_000));
  await givenBlock(app, 'fails', 'a{{ 1 | divided_by: 0 }}');
  await givenBlock(app, 'aborts', "{% abort_message('not today') %}");
  const rows: [text: string, reason: string, detail: RegExp][] = [
    [including('many'), 'render_error', /more than 1000000 characters/],
    [
      `{% for i in (1..9999) %}{% assign x = content_blocks.\${long} %}{% endfor %}`,
      'render_error',
      /bytes|processor time/,
    ],
    [`${including('turns')}${including('turns')}`, 'render_error', /more than 10000 loop turns/],
    [
      including('fails'),
      'render_error',
      /^messages\.webhook\.body: divided by 0, content block fails, line 1, column 2$/,
    ],
    [including('aborts'), 'aborted', /^not today$/],
  ];
  for (const [text, reason, detail] of rows) {
    const id = await accept(app, { webhook: { url: 'https://acme.test/', request_method: 'POST', body: text } });
    await app.drain();
    const { body } = await app.get(`/dispatches/${id}/recipients`);
    assert.equal(body.recipients[0].reason, reason, text);
    assert.match(body.recipients[0].detail, detail);
  }
});

test('a worker reads the texts of many dispatches in parts, and what is kept is bounded', async (t) => {
  const app = await start(t, { worker: false });
  const ids: string[] = [];
  for (let n = 0; n < 12; n += 1) {
    const large = 'x'.repeat(400_000);
    const id = await givenTemplate(app, { body: `${n}${large}`, plaintext_body: `${n}${large}` });
    // Two dispatches share each text.
    for (let times = 0; times < 2; times += 1) {
      ids.push(dashed(await accept(app, { email: { ...email, email_template_id: id } })));
      app.clock.advance(1_000); // the order of acceptance
    }
  }
  const stored = await app.db.one<{ bytes: number }>(sql`select max(length(request::text)) as bytes from dispatches`);
  assert.ok(stored.bytes < 2_000, 'a dispatch does not hold the texts');
  const catalog = {
    workspace: () => app.workspace(),
    workspaceOfApp: () => undefined,
    workspaceOfGroup: () => undefined,
    apiKey: () => undefined,
    takesKeysInBodies: () => false,
    returnPaths: () => new Set<string>(),
  };
  const cache = new DispatchCache();
  const { dispatches, left } = await loadDispatches(app.db, { ids, catalog, cache });
  assert.deepEqual([dispatches.size, left.length], [20, 4], 'ten texts are 8 MB');
  assert.ok(cache.texts.sizeBytes > 16_000_000 && cache.texts.sizeBytes < 32 * 1_048_576);
  assert.ok(cache.sizeBytes > 16_000_000 && cache.sizeBytes <= 64 * 1_048_576, `${cache.sizeBytes}`);
  const texts = new StoredTexts({ mostBytes: 4_000_000 });
  const pins = await app.db.query<{ id: string; bytes: number }>(sql`select id, 0 as bytes from content_texts`);
  assert.equal((await texts.read(app.db, pins)).size, 12);
  assert.ok(texts.sizeBytes > 3_000_000 && texts.sizeBytes <= 4_000_000, 'two of them are kept');
  await app.startAnotherWorker();
  await app.drain();
  const states = await app.db.query(sql`select distinct state from dispatches`);
  assert.deepEqual(states, [{ state: 'finished' }]);
});

test('a campaign names templates, blocks and item catalogs; each trigger and schedule takes them as they are then', async (t) => {
  const app = await start(t);
  const block = await givenBlock(app, 'sign', 'first');
  const template = await givenTemplate(app, { subject: 'Hello', body: '<p>{{content_blocks.${sign}}}</p>' });
  const message = { ...email, email_template_id: template };
  const campaign = (mail: object) =>
    app.givenWorkspace(
      JSON.stringify({ campaigns: [{ id: 'c', name: 'C', kind: 'api_triggered', messages: { email: mail } }] }),
    );
  const trigger = () =>
    app.post('/campaigns/trigger/send', { campaign_id: 'c', recipients: [{ external_user_id: 'ada' }] });
  const missing: [what: string, body: string, problem: RegExp][] = [
    ['block', '{{content_blocks.${nowhere}}}', /unknown content block nowhere/],
    ['catalog', '{% catalog_items nowhere x %}', /unknown catalog nowhere/],
  ];
  for (const [what, body, problem] of missing) {
    await campaign({ ...email, subject: 's', body });
    const answer = await trigger();
    assert.equal(answer.status, 400, what);
    assert.match(answer.body.errors[0], problem);
  }
  await campaign(message);
  const schedule = { time: new Date(app.clock.now().getTime() + 3_600_000).toISOString() };
  const later = await app.post('/messages/schedule/create', {
    external_user_ids: ['ben'],
    messages: { email: message },
    schedule,
  });
  assert.equal(later.status, 201, JSON.stringify(later.body));
  for (const content of ['first', 'second']) {
    await change(app, '/content_blocks/update', { content_block_id: block, content });
    assert.equal((await trigger()).status, 201);
    await app.drain();
    const { subject, html } = await messageOf(app);
    assert.deepEqual([subject, html], ['Hello', `<p>${content}</p>`]);
    app.clock.advance(1_000);
  }
  // The schedule was checked, and has its texts, since it was made.
  app.clock.advance(3_600_000);
  await app.drain();
  assert.equal((await messageOf(app, 'ben')).html, '<p>first</p>');
});

test('mails have the footer that the workspace has when they are made, once rendered, and as text where they are text', async (t) => {
  const app = await start(t);
  const footer = (text: string) => app.givenWorkspace(`email: { footer: '${text}' }`);
  await footer('<p>Acme, {{${first_name}}}{{${email_footer}}} <!-- {{ x | nope }} --></p>');
  const tag = '{{${email_footer}}}';
  await givenBlock(app, 'end', `${tag}{% if ${'${email_footer}'} %}!{% endif %}`);
  const id = await givenTemplate(app, { body: `<p>B</p>{{content_blocks.\${end}}}` });
  await accept(app, { email: { ...email, email_template_id: id, subject: `S${tag}`, plaintext_body: `T\n${tag}` } });
  await app.drain();
  const { subject, html, plaintext } = await messageOf(app);
  assert.deepEqual(
    { subject, html, plaintext },
    { subject: 'SAcme, Ada', html: '<p>B</p><p>Acme, Ada </p>!', plaintext: 'T\nAcme, Ada' },
  );
  app.clock.advance(1_000);
  await footer('<!-- none -->');
  await accept(app, { email: { ...email, subject: 'S', body: `B${tag}{% if ${'${email_footer}'} %}!{% endif %}` } });
  await app.drain();
  assert.equal((await messageOf(app)).html, 'B');
  for (const [text, problem] of [
    ['{{ 1 | nope }}', /email\.footer: not a valid template: /],
    ['{{content_blocks.${end}}}', /email\.footer: must not hold content blocks/],
  ] as const)
    await assert.rejects(footer(text), problem);
});

// Remarks that stop nothing: they stand in `cresset.warnings`, never in `errors`, of sends and dry runs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GROUP = '77777777-7777-4777-8777-777777777777';
const CHAT = '88888888-8888-4888-8888-888888888888';
const AUSTRIANS = '11111111-1111-4111-8111-111111111111';
const email = { app_id: APP, from: 'Acme <hello@acme.test>', subject: 's', body: 'b' };
const sms = { app_id: APP, subscription_group_id: GROUP, body: 'b' };
const push = { alert: 'a' };

async function givenWorkspace(t: Parameters<typeof startTestApp>[0]): Promise<TestApp> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${GROUP}, name: Texts, channel: sms }
  - { id: ${CHAT}, name: Chat, channel: whats_app }
segments:
  - id: ${AUSTRIANS}
    name: Austrians
    filter: { attribute: { name: country, comparison: is_any_of, value: [DE, Austria] } }
`);
  await app.post('/users/track', {
    attributes: [{ external_id: 'ada', email: 'ada@acme.test', plan: 'gold', all: ['x'] }],
  });
  return app;
}

/** The warnings of a request, which must be the same when it is sent and when it is only tried. */
async function warningsOf(app: TestApp, body: object): Promise<string[]> {
  const request = { external_user_ids: ['ada'], ...body };
  const sent = await app.post('/messages/send', request);
  assert.deepEqual([sent.status, sent.body.errors], [201, undefined], JSON.stringify(sent.body));
  assert.match(sent.body.dispatch_id, /^[0-9a-f]{32}$/);
  const tried = await app.post('/messages/send', { ...request, cresset: { dry_run: true } });
  assert.deepEqual(
    [tried.status, tried.body.errors, tried.body.cresset],
    [201, undefined, sent.body.cresset],
    JSON.stringify(tried.body),
  );
  assert.notDeepEqual(sent.body.cresset, { warnings: [] }, 'there is no empty list');
  return sent.body.cresset?.warnings ?? [];
}

test('a message that goes out whole is accepted without errors; what is not done is a warning', async (t) => {
  const app = await givenWorkspace(t);
  const cases: [messages: object, warning: RegExp][] = [
    [{ email: { ...email, bcc: 'x@acme.test' } }, /^messages\.email\.bcc: this workspace has no BCC addresses/],
    [{ email: { ...email, subject: '' } }, /^messages\.email\.subject is missing/],
    [{ email: { ...email, body: 'x'.repeat(410_000) } }, /^messages\.email\.body is larger than 400 KB/],
    [{ email: { ...email, headers: { Bcc: 'x@acme.test' } } }, /^messages\.email\.headers\.Bcc is reserved/],
    [{ apple_push: { 'content-available': true, apns_priority: 10 } }, /^messages\.apple_push\.apns_priority: /],
    [
      { android_push: { ...push, title: 't', buttons: ['a', 'b', 'c', 'd'].map((text) => ({ text })) } },
      /^messages\.android_push\.buttons: only the first 3 of 4 are used$/,
    ],
    [
      { webhook: { url: 'https://example.com/', request_method: 'POST', request_headers: { Host: 'x' } } },
      /^messages\.webhook\.request_headers\.Host is set by the server/,
    ],
    [
      { content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60, expire_at: '2026-03-16' } },
      /^messages\.content_card\.time_to_live: expire_at is used instead$/,
    ],
  ];
  for (const [messages, warning] of cases) {
    const [first = '', ...more] = await warningsOf(app, { messages });
    assert.match(first, warning);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(await warningsOf(app, { messages: { email } }), []);
});

test('people and channels that are left out stay errors, beside the warnings', async (t) => {
  const app = await givenWorkspace(t);
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: ['ada', ''],
    messages: { email: { ...email, subject: '' }, emial: email },
  });
  assert.deepEqual(
    [status, body.errors, body.cresset],
    [
      201,
      [
        'external_user_ids[1] is not a non-empty string and was skipped',
        'messages.emial is not a supported channel and was skipped; did you mean email?',
      ],
      { warnings: ['messages.email.subject is missing; the mail has an empty subject'] },
    ],
  );
  assert.deepEqual(Object.keys(body), ['dispatch_id', 'message', 'errors', 'cresset']);
});

test('a repeated request with an idempotency key gets its warnings again', async (t) => {
  const app = await givenWorkspace(t);
  const send = () =>
    app.post(
      '/messages/send',
      { external_user_ids: ['ada'], messages: { email: { ...email, subject: '' } } },
      { headers: { 'idempotency-key': 'once' } },
    );
  const first = await send();
  assert.equal(first.body.cresset.warnings.length, 1);
  assert.deepEqual((await send()).body, first.body);
});

test('members that nobody knows are ignored, and named with what was meant', async (t) => {
  const app = await givenWorkspace(t);
  const at = (messages: object) => ({ messages });
  const cases: [body: object, warnings: string[]][] = [
    [
      { overide_frequency_capping: true, campain_id: 'x', ...at({ email }) },
      [
        'overide_frequency_capping: not known, ignored; did you mean override_frequency_capping?',
        'campain_id: not known, ignored; did you mean campaign_id?',
      ],
    ],
    [at({ apple_push: { ...push, deep_link: 'a://b' } }), [did('apple_push.deep_link', 'custom_uri')]],
    [at({ apple_push: { ...push, bagde: 3 } }), [did('apple_push.bagde', 'badge')]],
    [at({ apple_push: { alert: { body: 'b', titel: 't' } } }), [did('apple_push.alert.titel', 'title')]],
    [at({ email: { ...email, reply_too: 'a@b.test' } }), [did('email.reply_too', 'reply_to')]],
    [at({ email: { ...email, html_body: 'x' } }), [did('email.html_body', 'body')]],
    [at({ sms: { ...sms, media_itmes: [] } }), [did('sms.media_itmes', 'media_items')]],
    [
      at({ android_push: { ...push, title: 't', ttl: 5, buttons: [{ text: 'b', url: 'a://b' }] } }),
      [did('android_push.ttl', 'time_to_live'), did('android_push.buttons[0].url', 'uri')],
    ],
    [
      at({ webhook: { url: 'https://example.com/', request_method: 'POST', headers: {} } }),
      [did('webhook.headers', 'request_headers')],
    ],
    [at({ web_push: { ...push, title: 't', xyzzyxyzzy: 1 } }), ['messages.web_push.xyzzyxyzzy: not known, ignored']],
    [at({ apple_push: { ...push, 'line\nbreak': 1 } }), ['messages.apple_push.line?break: not known, ignored']],
    // Known here and there, and ignored without a word.
    [{ api_key: 'k', app_group_id: 'a', company_secret: 'c', segment_ids: [], schedule: {}, ...at({ email }) }, []],
    [at({ apple_push: { ...push, content_available: false, 'content-available': false, extra: { any: 1 } } }), []],
    [at({ android_push: { ...push, title: 't', notification_channel: 'a', notification_channel_id: 'b' } }), []],
  ];
  for (const [body, warnings] of cases) assert.deepEqual(await warningsOf(app, body), warnings);
});

function did(path: string, meant: string): string {
  return `messages.${path}: not known, ignored; did you mean ${meant}?`;
}

test('a member that belongs elsewhere is named with its place', async (t) => {
  const app = await givenWorkspace(t);
  const later =
    'not known, ignored; times stand in schedule: { "time": … } of POST /messages/schedule/create; without it, the message goes out now';
  const once = 'not known, ignored; a request that is to count once has the header Idempotency-Key';
  const cases: [body: object, warnings: string[]][] = [
    [{ send_at: 'x', messages: { email } }, [`send_at: ${later}`]],
    [{ scheduled_at: 'x', messages: { email } }, [`scheduled_at: ${later}`]],
    [{ idempotency_key: 'x', messages: { email } }, [`idempotency_key: ${once}`]],
    [
      { subject: 'x', email: {}, messages: { email } },
      [
        'subject: not known, ignored; it belongs into the message of a channel',
        'email: not known, ignored; the messages of channels stand in messages',
      ],
    ],
    [
      { messages: { android_push: { ...push, title: 't', badge: 3, app_id: APP } } },
      [
        'messages.android_push.badge: not known, ignored; Android counts its notifications itself; what your app shall read stands in extra',
        'messages.android_push.app_id: not known, ignored; a push goes to all apps of its platform that a person has',
      ],
    ],
    [
      { messages: { email: { ...email, to: 'x', template: 'y' } } },
      [
        'messages.email.to: not known, ignored; a mail goes to the email of each recipient',
        'messages.email.template: not known, ignored; did you mean email_template_id?',
      ],
    ],
  ];
  for (const [body, warnings] of cases) assert.deepEqual(await warningsOf(app, body), warnings);
  const refused = await app.post('/messages/send', { external_user_ids: ['ada'], email, send_at: 'x' });
  assert.equal(refused.status, 400);
  assert.ok(refused.body.errors.includes(`send_at: ${later}`), JSON.stringify(refused.body.errors));
});

test('a link of mails in another channel is empty, and a footer that reads what nobody has says so', async (t) => {
  const app = await givenWorkspace(t);
  for (const name of ['unsubscribe_url', 'set_user_to_opted_in_url'])
    assert.deepEqual(await warningsOf(app, { messages: { apple_push: { alert: `a {{\${${name}}}}` } } }), [
      `messages.apple_push.alert.body: {{\${${name}}}} is empty: only mails have such links`,
    ]);
  const withLink = { ...email, body: '<a href="{{${unsubscribe_url}}}">x</a>' };
  assert.deepEqual(await warningsOf(app, { messages: { email: withLink } }), []);
  await app.givenWorkspace('email: { footer: "{{custom_attribute.${plna}}} {{custom_attribute.${plan}}}" }');
  const withFooter = { ...email, body: 'b {{${email_footer}}}' };
  assert.deepEqual(await warningsOf(app, { messages: { email: withFooter } }), [
    'email.footer: {{custom_attribute.${plna}}}: nobody ever had a custom attribute "plna"; did you mean plan?',
  ]);
  assert.deepEqual(await warningsOf(app, { messages: { email } }), []);
});

test('a body of many unknown members is answered with a hundred lines', async (t) => {
  const app = await givenWorkspace(t);
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`badge${index}`, 1]));
  const buttons = Array.from({ length: 900 }, () => ({ text: 'b', txet: 'b' }));
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    ...many,
    messages: { android_push: { ...push, title: 't', buttons } },
  });
  assert.equal(body.message, 'success', JSON.stringify(body).slice(0, 300));
  assert.equal(body.cresset.warnings.length, 101);
  assert.match(body.cresset.warnings.at(-1), /^and \d+ more$/);
});

test('a template that says a name without its braces is warned of', async (t) => {
  const app = await givenWorkspace(t);
  const said = async (body: string) => warningsOf(app, { messages: { email: { ...email, body } } });
  const warning = (written: string, meant: string) =>
    `messages.email.body: {{${written}}} renders to nothing; did you mean {{${meant}}}?`;
  assert.deepEqual(await said("Hi {{ first_name | default: 'you' }}"), [warning('first_name', `\${first_name}`)]);
  assert.deepEqual(await said('{{custom_attribute.plan}}'), [
    warning('custom_attribute.plan', `custom_attribute.\${plan}`),
  ]);
  assert.deepEqual(await said(`{{\${firstname}}}`), [warning(`\${firstname}`, `\${first_name}`)]);
  assert.deepEqual(await said(`{{ \${my_own_words_here} }}`), [
    `messages.email.body: {{\${my_own_words_here}}} is not known and renders to nothing`,
  ]);
  for (const text of [`Hi {\${first_name}} \${first_name}`, `{{\${city}}} \${first_name}`])
    assert.deepEqual(await said(text), [
      `messages.email.body: \${first_name} is no template and goes out as it is; did you mean {{\${first_name}}}?`,
    ]);
  for (const good of [
    `{{\${first_name}}} {{custom_attribute.\${plan}}} {{custom_attribute.\${all[0]}}} {{\${most_recent_locale}}}`,
    `{% assign first_name = 'a' %}{{first_name}}`,
    `{% capture city %}x{% endcapture %}{{city}}`,
    `{% for country in custom_attribute.\${all} %}{{ country }}{% endfor %}`,
    '{% raw %}{{first_name}}{% endraw %} {{ title }}',
  ])
    assert.deepEqual(await said(good), [], good);
});

test('a template that reads what nobody ever had, or what only triggers have, is warned of', async (t) => {
  const app = await givenWorkspace(t);
  const said = async (body: string) => warningsOf(app, { messages: { email: { ...email, body } } });
  const nobody = (name: string, meant: string) =>
    `messages.email.body: {{custom_attribute.\${${name}}}}: nobody ever had a custom attribute "${name}"${meant}`;
  const plans = `{{custom_attribute.\${plann}}} {{custom_attribute.\${plann} | default: 'x'}} {{custom_attribute.\${plan}}}`;
  assert.deepEqual(await said(plans), [nobody('plann', '; did you mean plan?')]);
  assert.deepEqual(await said(`{% if custom_attribute.\${zzz} %}a{% endif %}`), [nobody('zzz', '')]);
  assert.deepEqual(await said(`{{api_trigger_properties.\${order}}}`), [
    `messages.email.body: {{api_trigger_properties.\${order}}} is always empty here; only triggers have such properties`,
  ]);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', zzz: 1 }] });
  app.clock.advance(5_000);
  assert.deepEqual(await said(`{{custom_attribute.\${zzz}}}`), []);
});

test('fields that the catalog of a template does not have are warned of', async (t) => {
  const app = await givenWorkspace(t);
  const fields = [
    { name: 'id', type: 'string' },
    { name: 'title', type: 'string' },
  ];
  for (const name of ['games', 'books']) {
    assert.equal((await app.post('/catalogs', { catalogs: [{ name, description: 'd', fields }] })).status, 201);
    const items = [{ id: '1', title: 'Tales' }];
    assert.equal((await app.post(`/catalogs/${name}/items`, { items })).status, 202);
  }
  const said = async (body: string) => warningsOf(app, { messages: { email: { ...email, body } } });
  const tag = '{% catalog_items games 1 %}';
  const unknown = (field: string, meant: string) => `messages.email.body: catalog games has no field ${field}${meant}`;
  assert.deepEqual(await said(`${tag}{{ items[0].titel }} {{ items[0].title }} {{ items[0].id }}`), [
    unknown('titel', '; did you mean title?'),
  ]);
  assert.deepEqual(await said(`${tag}{% for one in items %}{{ one.prize }}{% endfor %}{{ one.other }}`), [
    unknown('prize', ''),
  ]);
  assert.deepEqual(await said(`${tag}{% if items.first.titel == 'x' %}a{% endif %}`), [
    unknown('titel', '; did you mean title?'),
  ]);
  for (const good of [
    `${tag}{{ items.size }} {{ items[0].title.size }} {{ items[0].title | upcase }}`,
    `${tag}{% assign items = 'a,b' | split: ',' %}{{ items[0].titel }}`,
    '{{ items[0].titel }}',
    `${tag}{% for one in others %}{{ one.titel }}{% endfor %}`,
  ])
    assert.deepEqual(await said(good), [], good);
  assert.deepEqual(await said(`${tag}{{ items[0].x }}{% catalog_items books 1 %}{{ items[0].title }}`), [
    'messages.email.body: catalog games, books has no field x',
  ]);
});

test('a segment that compares a country with a name is warned of, since people have codes', async (t) => {
  const app = await givenWorkspace(t);
  assert.deepEqual(await warningsOf(app, { segment_id: AUSTRIANS, messages: { email } }), [
    'segment_id: segment.attribute.value: country is stored as two capital letters, such as AT; did you mean AT?',
  ]);
});

test('an app that nobody knows is no reason to refuse; no app is', async (t) => {
  const app = await givenWorkspace(t);
  const whats_app = {
    ...{ app_id: APP, subscription_group_id: CHAT },
    ...{ message_type: 'text_response_message', message: { body: 'b' } },
  };
  for (const [channel, message] of Object.entries({ email, sms, whats_app })) {
    const path = `messages.${channel}.app_id`;
    assert.deepEqual(await warningsOf(app, { messages: { [channel]: { ...message, app_id: APP.toUpperCase() } } }), []);
    for (const app_id of ['none', 12, '0d7c9a52-3b7e-4c5e-9a55-000000000000']) {
      assert.deepEqual(await warningsOf(app, { messages: { [channel]: { ...message, app_id } } }), [
        `${path} does not name an app of this workspace; the message counts for none`,
      ]);
    }
    for (const app_id of [undefined, null, '']) {
      const { status, body } = await app.post('/messages/send', {
        external_user_ids: ['ada'],
        messages: { [channel]: { ...message, app_id } },
      });
      assert.deepEqual([status, body.errors], [400, [`${path}: is required`]]);
    }
  }
});

test('an alias with a name or label of more than 236 bytes is skipped', async (t) => {
  const app = await givenWorkspace(t);
  const [longest, tooLong] = ['é'.repeat(118), `${'é'.repeat(118)}x`];
  const { status, body } = await app.post('/messages/send', {
    user_aliases: [
      { alias_name: tooLong, alias_label: 'l' },
      { alias_name: 'a', alias_label: tooLong },
      { alias_name: longest, alias_label: longest },
    ],
    messages: { email },
  });
  const skipped = 'has an alias_name or alias_label of more than 236 bytes and was skipped';
  assert.deepEqual([status, body.errors], [201, [`user_aliases[0] ${skipped}`, `user_aliases[1] ${skipped}`]]);
  const nobody = { user_aliases: { alias_name: tooLong, alias_label: 'l' }, messages: { email } };
  assert.equal((await app.post('/messages/send', nobody)).body.message, 'No Recipients');
});

test('members in the wrong object, URIs that open nothing and a footer that is not there are warnings', async (t) => {
  const app = await givenWorkspace(t);
  const push = 'messages.apple_push';
  const cases: [message: object, warnings: string[]][] = [
    [
      { alert: { body: 'b', badge: 3 }, aps: { badge: 1, sound: 's' } },
      [
        `${push}.aps: not known, ignored; did you mean badge, sound directly in ${push}?`,
        `${push}.alert.badge: not known, ignored; did you mean ${push}.badge?`,
      ],
    ],
    [
      { alert: 'a', custom_uri: 'acme.example/offer' },
      [
        `${push}.custom_uri: has no scheme and probably opens nothing; expected a URI such as https://acme.example/offer or acme://offer`,
      ],
    ],
    [
      { alert: 'a', custom_uri: 'https://acme.example/my offer' },
      [
        `${push}.custom_uri: is no valid URI and probably opens nothing; expected one such as https://acme.example/offer or acme://offer`,
      ],
    ],
    [
      { alert: 'a', custom_uri: 'acme://offer', use_webview: true },
      [`${push}.custom_uri: use_webview is true, and a web view opens http and https URLs only, got the scheme acme`],
    ],
    [
      { alert: 'a', asset_url: 'acme://cat', asset_file_type: 'png' },
      [`${push}.asset_url: devices load http and https URLs only, got the scheme acme`],
    ],
    [{ alert: 'a', custom_uri: 'acme://offer' }, []],
  ];
  for (const [apple_push, warnings] of cases) {
    assert.deepEqual(await warningsOf(app, { messages: { apple_push } }), warnings);
  }
  assert.deepEqual(await warningsOf(app, { messages: { apple_push: { alert: '{{${email_footer}}}' } } }), [
    'messages.apple_push.alert.body: {{${email_footer}}} is empty: only mails have the footer',
  ]);
  assert.deepEqual(await warningsOf(app, { messages: { email: { ...email, body: 'b{{${email_footer}}}' } } }), [
    'messages.email.body: {{${email_footer}}} is empty: email.footer of the workspace file is not set',
  ]);
  const refused = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { apple_push: { aps: { alert: 'a' } } },
  });
  assert.deepEqual(refused.body.errors, [
    `${push}.alert: is required unless content-available is true`,
    `${push}.aps: not known, ignored; did you mean alert directly in ${push}?`,
  ]);
});

test('a header that was probably meant to be Idempotency-Key is a warning', async (t) => {
  const app = await givenWorkspace(t);
  const body = { external_user_ids: ['ada'], messages: { email } };
  const cases: [headers: Record<string, string>, warnings: string[] | undefined][] = [
    [{ 'X-Idempotency-Key': 'a' }, ['header x-idempotency-key: not known, ignored; did you mean Idempotency-Key?']],
    [{ 'X-Idempotency-Key': 'a', 'Idempotency-Key': 'a' }, undefined],
  ];
  for (const [headers, warnings] of cases) {
    const sent = await app.post('/messages/send', body, { headers });
    assert.deepEqual([sent.status, sent.body.cresset?.warnings], [201, warnings]);
  }
});

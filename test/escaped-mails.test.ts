// The workspace setting liquid.escape_html_by_default: outputs in HTML bodies of mails are escaped.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const name = `<b>"A" & 'b'</b>`;
const escaped = '&lt;b&gt;&quot;A&quot; &amp; &#39;b&#39;&lt;/b&gt;';
const email = { app_id: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11', from: 'a@acme.test', subject: 's', body: '<p>b</p>' };

async function startWorld(t: Parameters<typeof startTestApp>[0], liquid: string): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`${liquid}\nemail: { footer: "<i>{{\${first_name}}}</i>" }`);
  await app.post('/users/track', {
    attributes: [{ external_id: 'ada', email: 'ada@acme.test', first_name: name, email_subscribe: 'opted_in' }],
  });
  const block = { name: 'hello', content: '<em>{{${first_name}}}</em>', state: 'active' };
  assert.equal((await app.post('/content_blocks/create', block)).status, 201);
  return app;
}

interface Mail {
  html: string;
  subject: string;
  plaintext: string;
}

async function send(app: TestApp, message: object): Promise<Mail> {
  const answer = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { email: { ...email, ...message } },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  await app.drain();
  const { body } = await app.get(`/sandbox/messages?dispatch_id=${answer.body.dispatch_id}`);
  assert.equal(
    body.messages.length,
    1,
    JSON.stringify((await app.get(`/dispatches/${answer.body.dispatch_id}/recipients`)).body),
  );
  return body.messages[0].message;
}

const rows: [template: string, html: string][] = [
  ['<p>{{${first_name}}}</p>', `<p>${escaped}</p>`],
  ['{{${first_name} | raw}}', name],
  ['{{ ${first_name} | append: "<" | raw }}', `${name}<`],
  ['{{ ${first_name} | raw | append: "<" }}', `${escaped}&lt;`],
  ['{{${first_name} | escape}}', escaped],
  [
    '{{${first_name} | upcase | escape_once}}',
    escaped.replace('b&gt;&quot;', 'B&gt;&quot;').replace('&#39;b', '&#39;B').replace('/b', '/B'),
  ],
  ['{% assign x = ${first_name} %}{{x}}', escaped],
  ['{% capture x %}<u>{{${first_name}}}</u>{% endcapture %}{{ x | raw }}', `<u>${escaped}</u>`],
  ['{% liquid\necho ${first_name}\n%}', escaped],
  ['{{content_blocks.${hello}}}', `<em>${escaped}</em>`],
  ['{{${email_footer}}}', `<i>${escaped}</i>`],
  ['{% if ${first_name} contains "<b>" %}1{% endif %}{{ ${first_name} | size }}', `1${name.length}`],
  [
    '<a href="https://acme.test/?n={{${first_name} | url_encode}}&a=1">x</a>',
    '<a href="https://acme.test/?n=%3Cb%3E%22A%22+%26+%27b%27%3C%2Fb%3E&a=1">x</a>',
  ],
];

test('with the setting on, outputs in an HTML body are escaped unless they end in raw, and nothing else is', async (t) => {
  const app = await startWorld(t, 'liquid: { escape_html_by_default: true }');
  for (const [template, html] of rows) {
    const mail = await send(app, { body: template });
    assert.ok(mail.html.includes(html), `${template}: ${mail.html}`);
    if (!template.includes('raw')) assert.ok(!mail.html.includes('<b>'), `${template}: ${mail.html}`);
  }
  const mail = await send(app, {
    subject: '{{${first_name}}}',
    plaintext_body: '{{${first_name}}} {{content_blocks.${hello}}}',
  });
  assert.equal(mail.subject, name);
  assert.equal(mail.plaintext, `${name} <em>${name}</em>`);
  const { body } = await app.post('/messages/preview', {
    external_user_ids: ['ada'],
    messages: {
      email: { ...email, body: '{{${first_name}}}' },
      webhook: { url: 'https://acme.test/', request_method: 'POST', body: '{{${first_name}}}' },
    },
  });
  const [ofEmail, ofWebhook] = ['email', 'webhook'].map((channel) =>
    body.previews.find((one: { channel: string }) => one.channel === channel),
  );
  assert.ok(JSON.stringify(ofEmail.message).includes('&lt;b&gt;'));
  assert.equal(ofWebhook.message.body, name);
});

test('without the setting, outputs are printed as they are, and raw changes nothing', async (t) => {
  const app = await startWorld(t, 'liquid: {}');
  for (const [template, html] of [
    ['<p>{{${first_name}}}</p>', `<p>${name}</p>`],
    ['{{${first_name} | raw}}', name],
    ['{{${first_name} | escape}}', escaped],
    ['{{content_blocks.${hello}}}', `<em>${name}</em>`],
  ] as const)
    assert.ok((await send(app, { body: template })).html.includes(html), template);
});

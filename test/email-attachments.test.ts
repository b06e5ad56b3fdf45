// Attachments of mails, from the request to the mail as a receiver reads it. Source: messaging-objects.md §6.4.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type FileServer, startFileServer } from './support/file-server.ts';
import { startMailServer } from './support/mail-server.ts';

const pdf = Buffer.from('%PDF-1.7 invented');

async function world(t: TestContext, answer: FileServer['answer'] = (_request, response) => void response.end(pdf)) {
  const mails = await startMailServer(t);
  const files = await startFileServer(t, answer);
  const app = await startTestApp(t);
  await app.givenWorkspace(
    JSON.stringify({
      email: {
        default_from: 'Acme <hello@acme.test>',
        smtp: { url: mails.url },
        attachments: {
          allow: [files.host],
          credentials: [{ name: 'files', username: 'cresset', password: 'the-file-password' }],
        },
      },
      campaigns: campaigns(files.origin),
    }),
  );
  const people = ['ada', 'bob', 'eve'].map((external_id) => ({ external_id, email: `${external_id}@example.test` }));
  await app.post('/users/track', { attributes: people });
  return { app, mails, files };
}

/** Campaigns with a mail: one with a file of its own, one with two variations; and one without a mail. */
function campaigns(origin: string): object[] {
  const mail = { app_id: 'x', subject: 'Your invoice', body: '<p>See the file.</p>' };
  const terms = { file_name: 'terms', url: `${origin}/terms.pdf` };
  const half = (id: string) => ({ id, channel: 'email', weight: 50, message: { ...mail, subject: id } });
  const webhook = { url: 'https://example.com/', request_method: 'POST' };
  return [
    { id: 'invoice', messages: { email: { ...mail, attachments: [terms] } } },
    { id: 'halves', variations: [half('a'), half('b')] },
    { id: 'webhook', messages: { webhook } },
  ].map((one) => ({ ...one, name: one.id, kind: 'api_triggered' }));
}

async function send(app: TestApp, attachments: unknown, people = ['ada']) {
  const email = { app_id: 'x', subject: 'Your invoice', body: '<p>See the file.</p>', attachments };
  const { status, body } = await app.post('/messages/send', { external_user_ids: people, messages: { email } });
  if (status === 201) await app.drain();
  return { status, body };
}

async function verdicts(app: TestApp, dispatchId: string) {
  const { body } = await app.get(`/dispatches/${dispatchId}/recipients`);
  return (
    body.recipients as { status: string; reason: string | null; provider_code: string | null; detail?: string }[]
  ).map(({ status, reason, provider_code }) => [status, reason, provider_code].filter((one) => one !== null).join(' '));
}

test('files arrive with their names and types, and are fetched once for a dispatch', async (t) => {
  const { app, mails, files } = await world(t, ({ url, headers }, response) => {
    if (url?.startsWith('/private') && headers.authorization === undefined) return void response.writeHead(401).end();
    if (url === '/hop') return void response.writeHead(302, { location: '/d.pdf?sig=a.b' }).end();
    response.setHeader('content-type', url?.startsWith('/private') ? 'text/csv' : 'application/pdf').end(pdf);
  });
  const { body } = await send(
    app,
    [
      { file_name: 'invoice', url: `${files.origin}/hop` },
      {
        file_name: 'Überblick für {{${user_id}}}, "März" '.padEnd(70, '.'),
        url: `${files.origin}/private`,
        basic_auth_credential: 'files',
      },
      { file_name: 'own', url: `${files.origin}/of/{{\${user_id}}}.pdf` },
    ],
    ['ada', 'bob', 'eve'],
  );
  assert.deepEqual(await verdicts(app, body.dispatch_id), ['sent', 'sent', 'sent']);
  assert.equal(mails.mails.length, 3);
  for (const { to, mail } of mails.mails) {
    const name = to.split('@')[0];
    assert.equal(mail.text?.trim(), 'See the file.');
    assert.equal(mail.html, '<p>See the file.</p>');
    assert.deepEqual(
      mail.attachments.map((one) => [one.filename, one.contentType, one.contentDisposition, String(one.content)]),
      [
        ['invoice.pdf', 'application/pdf', 'attachment', String(pdf)],
        [
          `${`Überblick für ${name}, "März" `.padEnd(70 - '{{${user_id}}}'.length + (name?.length ?? 0), '.')}.csv`,
          'text/csv',
          'attachment',
          String(pdf),
        ],
        ['own.pdf', 'application/pdf', 'attachment', String(pdf)],
      ],
    );
  }
  const count = (path: string) => files.asked.filter((one) => one === path).length;
  assert.deepEqual(['/hop', '/d.pdf?sig=a.b', '/private', '/of/ada.pdf'].map(count), [1, 1, 1, 1]);
});

test('a file that is away is asked for again, and the mail waits for it', async (t) => {
  const { app, mails, files } = await world(t, (_request, response) => void response.writeHead(503).end());
  const { body } = await send(app, { file_name: 'a', url: `${files.origin}/a.pdf` }, ['ada', 'bob', 'eve']);
  assert.deepEqual(await verdicts(app, body.dispatch_id), Array(3).fill('pending attachment 503'));
  assert.equal(files.asked.length, 1, 'one request for all three mails');
  files.answer = (_request, response) => void response.end(pdf);
  app.clock.advance(67_000);
  await app.drain();
  assert.deepEqual(await verdicts(app, body.dispatch_id), ['sent', 'sent', 'sent']);
  assert.equal(mails.mails.length, 3);
});

test('after five attempts in half an hour the mail is given up', async (t) => {
  const { app, mails, files } = await world(t, (_request, response) => void response.writeHead(500).end());
  const { body } = await send(app, { file_name: 'a', url: `${files.origin}/a.pdf` });
  // In steps so short that the attempts are not late: the fifth is due 22 to 26 minutes after the first.
  for (let steps = 0; steps < 240; steps += 1) {
    app.clock.advance(10_000);
    await app.drain();
  }
  assert.deepEqual(await verdicts(app, body.dispatch_id), ['failed gave_up attachment 500']);
  assert.equal(files.asked.length, 5);
  assert.equal(mails.mails.length, 0);
});

const failures: [what: string, attachments: (files: FileServer) => object[], verdict: string][] = [
  [
    'a missing file',
    ({ origin }) => [{ file_name: 'a', url: `${origin}/404` }],
    'failed attachment_unusable attachment_unusable',
  ],
  [
    'a program',
    ({ origin }) => [{ file_name: 'a', url: `${origin}/setup.exe` }],
    'failed attachment_unusable attachment_unusable',
  ],
  [
    'an inner address',
    () => [{ file_name: 'a', url: 'http://169.254.169.254/latest' }],
    'failed blocked_target blocked_target',
  ],
  [
    'a large file',
    ({ origin }) => [{ file_name: 'a', url: `${origin}/large.zip` }],
    'failed payload_too_large payload_too_large',
  ],
  [
    'more than 10 MiB together',
    ({ origin }) => Array.from({ length: 6 }, (_, at) => ({ file_name: 'a', url: `${origin}/${at}/full.zip` })),
    'failed payload_too_large payload_too_large',
  ],
  [
    'one bad file of two',
    ({ origin }) => [
      { file_name: 'a', url: `${origin}/a.pdf` },
      { file_name: 'b', url: `${origin}/404` },
    ],
    'failed attachment_unusable attachment_unusable',
  ],
];
for (const [what, attachments, verdict] of failures) {
  test(`without all of its files a mail is not sent: ${what}`, async (t) => {
    const { app, mails, files } = await world(t, ({ url }, response) => {
      if (url === '/404') return void response.writeHead(404).end('<h1>Not found</h1>');
      if (url?.endsWith('large.zip')) return void response.end(Buffer.alloc(2_097_153));
      if (url?.endsWith('full.zip')) return void response.end(Buffer.alloc(2_097_152));
      response.end(pdf);
    });
    const { body } = await send(app, attachments(files));
    assert.deepEqual(await verdicts(app, body.dispatch_id), [verdict]);
    assert.equal(mails.mails.length, 0);
  });
}

test('what a request says wrong of its attachments is a 400 with its path', async (t) => {
  const { app, files } = await world(t);
  const url = `${files.origin}/a.pdf`;
  const wrong: [attachments: unknown, problem: RegExp][] = [
    [[{ url }], /^messages\.email\.attachments\[0\]\.file_name: is required/],
    [[{ file_name: 'a' }], /^messages\.email\.attachments\[0\]\.url: is required/],
    [
      [{ file_name: 'a', url: 'ftp://x.test/a' }],
      /^messages\.email\.attachments\[0\]\.url: expected an http or https URL/,
    ],
    [[{ file_name: 'a\r\nb', url }], /^messages\.email\.attachments\[0\]\.file_name: must not hold line breaks/],
    [
      [{ file_name: 'a'.repeat(256), url }],
      /^messages\.email\.attachments\[0\]\.file_name: expected at most 255 characters/,
    ],
    [
      [{ file_name: 'a', url, basic_auth_credential: 'other' }],
      /^messages\.email\.attachments\[0\]\.basic_auth_credential: .*other/,
    ],
    [
      Array.from({ length: 21 }, () => ({ file_name: 'a', url })),
      /^messages\.email\.attachments: expected at most 20, got 21/,
    ],
    ['a.pdf', /^messages\.email\.attachments: expected an array of objects/],
  ];
  for (const [attachments, problem] of wrong) {
    const { status, body } = await send(app, attachments);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(body.errors[0], problem);
  }
  assert.equal(files.asked.length, 0);
});

test('what is wrong only after rendering ends that mail alone', async (t) => {
  const { app, mails, files } = await world(t);
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'A\nX: y' },
      { external_id: 'bob', first_name: 'Bob' },
    ],
  });
  const { body } = await send(
    app,
    [{ file_name: 'for {{${first_name}}}', url: `${files.origin}/a.pdf` }],
    ['ada', 'bob'],
  );
  assert.deepEqual((await verdicts(app, body.dispatch_id)).sort(), ['aborted aborted', 'sent']);
  assert.deepEqual(
    mails.mails.map(({ to }) => to),
    ['bob@example.test'],
  );
});

test('mails are signed for their domain, and the settings with the key show no key', async (t) => {
  const mails = await startMailServer(t);
  const app = await startTestApp(t);
  const key = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const email = {
    default_from: 'Acme <hello@acme.test>',
    smtp: { url: mails.url },
    list_unsubscribe: true,
    dkim: [{ domain: 'Acme.test', selector: 'c1', key }],
  };
  await app.givenWorkspace(JSON.stringify({ email }));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  await send(app, undefined);
  const line = mails.mails[0]?.mail.headerLines.find(({ key: name }) => name === 'dkim-signature')?.line ?? '';
  assert.match(line, /d=acme\.test; s=c1;/);
  assert.match(line.replace(/\s/g, ''), /h=[^;]*list-unsubscribe:list-unsubscribe-post/);
  const rows = await app.db.query<{ settings: object }>(sql`select settings from workspaces`);
  assert.doesNotMatch(JSON.stringify(rows), /PRIVATE KEY/);
});

test('a trigger adds files to the mails of its campaign, in every variation', async (t) => {
  const { app, mails, files } = await world(t);
  const recipients = ['ada', 'bob', 'eve'].map((external_user_id) => ({ external_user_id }));
  const attachments = [
    { file_name: 'invoice 7', url: `${files.origin}/7.pdf` },
    { file_name: 'private', url: `${files.origin}/8.pdf`, basic_auth_credential: 'files' },
  ];
  for (const campaign_id of ['invoice', 'halves']) {
    mails.mails.length = 0;
    const { status, body } = await app.post('/campaigns/trigger/send', { campaign_id, recipients, attachments });
    assert.equal(status, 201, JSON.stringify(body));
    await app.drain();
    assert.deepEqual(await verdicts(app, body.dispatch_id), ['sent', 'sent', 'sent']);
    const names = mails.mails.map(({ mail }) => mail.attachments.map(({ filename }) => filename).join());
    const added = 'invoice 7.pdf,private.pdf';
    assert.deepEqual(new Set(names), new Set([campaign_id === 'invoice' ? `terms.pdf,${added}` : added]));
  }
  // The next trigger has none of them.
  mails.mails.length = 0;
  await app.post('/campaigns/trigger/send', { campaign_id: 'invoice', recipients });
  await app.drain();
  assert.deepEqual(
    mails.mails.map(({ mail }) => mail.attachments.map(({ filename }) => filename)),
    [['terms.pdf'], ['terms.pdf'], ['terms.pdf']],
  );
});

test('what a trigger says wrong of its attachments is a 400 with its path', async (t) => {
  const { app } = await world(t);
  const recipients = [{ external_user_id: 'ada' }];
  const file = { file_name: 'a', url: 'https://files.example.com/a.pdf' };
  const path = '/campaigns/trigger/send';
  const wrong: [path: string, body: object, problem: RegExp][] = [
    [path, { attachments: 'a.pdf' }, /^attachments: expected an array of objects/],
    [path, { attachments: [{ url: file.url }] }, /^attachments\[0\]\.file_name: is required/],
    [path, { attachments: [{ file_name: 'a' }] }, /^attachments\[0\]\.url: is required/],
    [path, { attachments: [{ ...file, url: 'ftp://a.test/' }] }, /^attachments\[0\]\.url: expected an http/],
    [path, { attachments: [{ ...file, url: 'https://a.test/{{x}}' }] }, /^attachments\[0\]\.url: .*without Liquid/],
    [path, { attachments: [{ ...file, file_name: '{% x' }] }, /^attachments\[0\]\.file_name: .*without Liquid/],
    [
      path,
      { attachments: [{ ...file, basic_auth_credential: 'other' }] },
      /^attachments\[0\]\.basic_auth_credential: /,
    ],
    [path, { attachments: Array(21).fill(file) }, /^attachments: expected at most 20, got 21/],
    [path, { attachments: Array(20).fill(file) }, /^attachments: expected at most 19, got 20; the campaign has 1/],
    [path, { campaign_id: 'webhook', attachments: [file] }, /^attachments: .*no mail/],
    [
      '/canvas/trigger/send',
      { canvas_id: 'invoice', campaign_id: undefined, attachments: [file] },
      /^attachments: belongs/,
    ],
  ];
  for (const [to, body, problem] of wrong) {
    const reply = await app.post(to, { campaign_id: 'invoice', recipients, ...body });
    assert.equal(reply.status, 400, JSON.stringify(body));
    assert.match(reply.body.errors.join(), problem, JSON.stringify(body));
  }
  const all = {
    campaign_id: 'invoice',
    broadcast: true,
    audience: { custom_attribute: { custom_attribute_name: 'x', comparison: 'exists' } },
  };
  const reply = await app.post(path, { ...all, attachments: [file] });
  assert.deepEqual([reply.status, reply.body.errors], [400, ['attachments: expected none with broadcast']]);
});

// The pages of settings, templates, schedules and the API reference in a real browser: at the width of a desk and of a
// phone, in both schemes. `npm run screenshots` keeps the pictures.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { audienceChecks } from '../src/audience/grammar/check-filter.ts';
import { messageChecks } from '../src/dispatch/plan/campaign-content.ts';
import { type ApplyFileOptions, applyFile } from '../src/workspace/file/apply-file.ts';
import { planFile } from '../src/workspace/file/plan-file.ts';
import { createServerFile } from '../src/workspace/file/server-file.ts';
import { secretFrom } from '../src/workspace/secrets.ts';
import type { TestApp } from './support/app.ts';
import { skipWithoutChromium } from './support/chromium.ts';
import {
  type Console,
  givenOperator,
  keepPicture,
  overflowOf,
  schemes,
  seriousFindings,
  signIn,
  startConsole,
  type Width,
  widths,
} from './support/console/console.ts';
import { givenSettings, settingsSecrets } from './support/console/settings.ts';
import { fillConsole, hostile } from './support/console/world.ts';
import { startLoginRelay } from './support/login-relay.ts';

interface PageCase {
  path: string;
  heading: RegExp;
  /** A text that is there once its data is. */
  text: string | RegExp;
}

const pages: Readonly<Record<string, PageCase>> = {
  'settings-providers': { path: '/settings', heading: /^Settings$/, text: 'Acme Web' },
  'settings-rules': { path: '/settings/rules', heading: /^Settings$/, text: '21:00–08:00' },
  'settings-keys': { path: '/settings/keys', heading: /^Settings$/, text: 'of-the-file' },
  'settings-operators': { path: '/settings/operators', heading: /^Settings$/, text: 'Sessions of everybody' },
  'settings-webhooks': { path: '/settings/webhooks', heading: /^Settings$/, text: 'warehouse.example.com' },
  'settings-suppressions': { path: '/settings/suppressions', heading: /^Settings$/, text: 'blocked@example.com' },
  'settings-file': { path: '/settings/file', heading: /^Settings$/, text: 'workspace.yaml would change 1 thing' },
  'settings-audit': { path: '/settings/audit', heading: /^Settings$/, text: 'session.begin' },
  templates: { path: '/templates', heading: /^Templates$/, text: 'footer' },
  schedules: { path: '/schedules', heading: /^2 schedules$/, text: 'by their own clock' },
  reference: { path: '/reference', heading: /^API reference$/, text: 'Send messages to named people' },
  'reference-send': {
    path: '/reference?op=POST%20%2Fmessages%2Fsend',
    heading: /^Send messages/,
    text: 'external_user_ids',
  },
  more: { path: '/more', heading: /^More$/, text: 'Requests' },
};

test('pages of settings fit their width, break no policy, show no secret and have no serious finding of axe', {
  skip: skipWithoutChromium,
}, async (t) => {
  const file = workspaceFile(t);
  const started = await startConsole(t, {
    planFile: (db, workspaceId, secret) => () => planFile(db, { ...file, choose: async () => workspaceId, secret }),
    serverFile: (_db, workspaceId) => createServerFile({ ...file, choose: async () => workspaceId }),
  });
  const { app, complaints, newPage, open } = started;
  await fillConsole(app);
  await applyFirst(app, file);
  const relay = await startLoginRelay(t, 'the-password-of-the-relay');
  await givenSettings(app, { relay: relay.url('the-password-of-the-relay') });
  const ids = await givenContent(app);
  const withIds = {
    ...pages,
    template: { path: `/templates/${ids.template}`, heading: /^Welcome$/, text: 'Preheader' },
    block: { path: `/templates/blocks/${ids.block}`, heading: /^footer$/, text: /Included by 1/ },
  };
  const wrong: string[] = [];
  for (const width of ['desk', 'phone'] as const) {
    const page = await newPage(width);
    const admin = await givenOperator(app, 'admin', `admin-${width}`);
    await admin.call('POST', 'email/blocklist', { email: ['blocked@example.com'] });
    await started.context.clearCookies();
    await signIn(started, admin);
    for (const [name, { path, heading, text }] of Object.entries(withIds)) {
      await open(page, path);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.getByRole('main').getByText(text).first().waitFor();
      await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
      wrong.push(...(await look(page, name, width)));
      if ((await page.evaluate('window.hacked')) !== undefined) wrong.push(`${name}: a text ran`);
      const source = await page.content();
      wrong.push(...settingsSecrets.filter((secret) => source.includes(secret)).map((one) => `${name}: shows ${one}`));
    }
    await page.close();
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(complaints, []);
  await changeThings(started);
  for (const width of ['desk', 'phone'] as const) assert.deepEqual(await editSettings(started, width), []);
  await editContent(started, ids.template);
  await lookAtHostile(started);
  await tryCalls(started);
  await readAsViewer(started);
  assert.deepEqual(complaints, []);
});

type FileOptions = Pick<ApplyFileOptions, 'path' | 'env' | 'checkFilter' | 'checkReferences' | 'checkContent'>;

/** The file that the server applies at its start. */
function workspaceFile(t: TestContext): FileOptions {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-console-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'workspace.yaml');
  return { path, env: {}, ...audienceChecks, ...messageChecks };
}

/** Applies the file, and adds to it what is not applied. */
async function applyFirst({ db, workspaceId, secret }: TestApp, file: FileOptions): Promise<void> {
  const receipts = '{ id: receipts, name: Receipts, kind: api }';
  writeFileSync(file.path, `tags: [season]\ncampaigns: [${receipts}]`);
  await applyFile(db, {
    ...{ ...file, choose: async () => workspaceId },
    ...{ secret: secretFrom(secret), by: 'cresset apply by ada' },
  });
  writeFileSync(file.path, `tags: [season]\ncampaigns: [${receipts}, { id: news, name: News, kind: api }]`);
}

/** A template that includes a block, and two schedules. */
async function givenContent(app: TestApp): Promise<{ template: string; block: string }> {
  const block = await app.post('/content_blocks/create', { name: 'footer', content: 'Acme, {{${city}}}' });
  const template = await app.post('/templates/email/create', {
    ...{ template_name: 'Welcome', subject: 'Hi {{${first_name}}}', tags: ['sale'] },
    body: '<p>Hi {{${first_name}}}</p><p>{{content_blocks.${footer}}}</p>',
  });
  const quoted = hostile.replaceAll('{{', '{ {');
  await app.post('/templates/email/create', { template_name: hostile, subject: quoted, body: quoted, tags: ['sale'] });
  const webhook = { url: 'https://example.com', request_method: 'POST', body: 'x' };
  for (const schedule of [{ time: '2040-01-01T09:00:00Z' }, { time: '2040-06-01T09:00:00', in_local_time: true }])
    await app.post('/messages/schedule/create', { external_user_ids: ['ada'], schedule, messages: { webhook } });
  return { template: template.body.email_template_id, block: block.body.content_block_id };
}

async function look(page: Page, name: string, width: Width): Promise<string[]> {
  const wrong: string[] = [];
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    wrong.push(...(await seriousFindings(page)).map((found) => `${name} ${width} ${scheme}: ${found}`));
    await keepPicture(page, `${name}-${widths[width].width}-${scheme}`);
  }
  const sticksOut = await overflowOf(page);
  if (sticksOut > 0) wrong.push(`${name} ${width}: ${sticksOut} px stick out`);
  return wrong;
}

/** An admin tries an account, makes and deletes a key, adds an operator and pauses a webhook, all by the pages. */
async function changeThings(started: Console): Promise<void> {
  const { app, newPage, open } = started;
  const admin = await givenOperator(app, 'admin', 'grace');
  await started.context.clearCookies();
  await signIn(started, admin);
  const page = await newPage('desk');
  await open(page, '/settings');
  await page.getByRole('button', { name: 'Test main' }).click();
  await page.getByText('lets us in').waitFor();
  await page.getByRole('button', { name: 'Test Alerts' }).click();
  await page.getByText('does not let us in').waitFor();
  await page.getByText(/ECONNREFUSED 127\.0\.0\.1:9/).waitFor();
  await keepPicture(page, 'settings-tested-1440-light');

  await open(page, '/settings/keys');
  await page.getByRole('button', { name: 'Make a key …' }).click();
  await page.getByLabel('What it is for').fill('shop');
  await page.getByLabel('status.read').check();
  await keepPicture(page, 'settings-new-key-1440-light');
  await page.getByRole('button', { name: 'Make a key with 1 permission' }).click();
  const key = await page.locator('dialog[open] pre').textContent();
  assert.match(key ?? '', /^[0-9a-f-]{36}$/);
  await page.getByRole('button', { name: 'Close' }).click();
  await app.refreshCatalog();
  assert.equal((await app.get('/status', { key })).status, 200);
  await page.getByRole('button', { name: 'Delete the key shop' }).click();
  await page.getByRole('button', { name: 'Delete the key', exact: true }).click();
  await page.getByRole('cell', { name: 'shop', exact: true }).waitFor({ state: 'detached' });

  await open(page, '/settings/operators');
  await page.getByRole('button', { name: 'Add an operator …' }).click();
  await page.getByLabel('Name, such as an email address').fill('dana@example.com');
  await page.getByLabel('Password, 12 characters or more').fill('long enough for dana');
  await page.getByRole('button', { name: 'Add the operator' }).click();
  const patched = page.waitForResponse((response) => response.request().method() === 'PATCH');
  await page.getByLabel('Role of dana@example.com').selectOption('sender');
  assert.equal((await patched).status(), 200);

  await open(page, '/settings/webhooks');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor();

  await open(page, '/settings/file');
  await page.getByRole('button', { name: 'Show the file' }).click();
  const yaml = await page.locator('.yaml pre').textContent();
  assert.match(yaml ?? '', /url: smtp:\/\/cresset:\$\{env:SMTP_MAIN_PASSWORD\}@127\.0\.0\.1/);
  await keepPicture(page, 'settings-exported-1440-light');

  const { changes } = (await admin.call('GET', 'audit?limit=20')).body;
  const acts = changes.map(({ action, operator }: Record<string, string>) => `${operator} ${action}`);
  for (const act of [
    'key.create',
    'key.delete',
    'operator.create',
    'operator.change',
    'POST /event_webhooks/:name/pause',
  ])
    assert.ok(acts.includes(`grace ${act}`), act);
  await page.close();
}

/** An admin edits caps and an account as text: a mistake at its line, the plan, and what is applied. */
async function editSettings({ app, newPage, open }: Console, width: Width): Promise<string[]> {
  const page = await newPage(width);
  const write = async (text: string) => {
    await page.getByRole('textbox', { name: /as YAML$/ }).click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(text);
  };
  const plan = () => page.getByRole('button', { name: 'Show what would change' }).click();
  const apply = page.getByRole('button', { name: 'Apply' });
  const most = width === 'desk' ? 7 : 8;
  await open(page, '/settings/rules');
  await page.getByRole('link', { name: 'Edit frequency caps' }).click();
  await write('frequency_caps:\n  - channel: push\n    max_sends: many\n');
  assert.equal(await apply.isDisabled(), true, 'nothing was looked at');
  await plan();
  await page.locator('.cm-remark.cm-error', { hasText: 'max_sends' }).waitFor();
  const wrong = await look(page, `settings-edit-wrong`, width);
  await write(`frequency_caps:\n  - { channel: push, max_sends: ${most}, period_count: 1, period_unit: days }\n`);
  await plan();
  await page.locator('.plan li', { hasText: 'change frequency caps: rules' }).waitFor();
  wrong.push(...(await look(page, 'settings-edit-plan', width)));
  await apply.click();
  await page.getByText(`at most ${most} messages in 1 day`).waitFor();

  await open(page, '/settings/providers');
  await page.getByRole('link', { name: 'Edit Alerts' }).click();
  const box = page.getByRole('textbox', { name: /as YAML$/ });
  await box.waitFor();
  const text = await box.innerText();
  assert.match(text, /auth_token: \$\{secret:[0-9a-f]{8}\}/);
  assert.equal(
    settingsSecrets.some((secret) => text.includes(secret)),
    false,
  );
  await write(text.replace(/description: .*/, `description: Written at ${widths[width].width}`));
  await plan();
  await page.locator('.plan li', { hasText: 'change subscription group Alerts: description' }).waitFor();
  await keepPicture(page, `settings-edit-secret-${widths[width].width}`);
  await apply.click();
  await page.getByText(`Written at ${widths[width].width}`).waitFor();

  await open(page, '/settings/edit?what=tags');
  await page.getByText('Locked.').waitFor();
  await page.getByText('line 1').waitFor();
  assert.equal(await apply.count(), 0);
  wrong.push(...(await look(page, 'settings-edit-locked', width)));
  await page.close();
  await app.refreshCatalog();
  assert.equal(app.workspace().frequencyCaps[0]?.maxSends, most);
  return wrong;
}

/** An admin changes a template after a look at it as somebody gets it, and cancels a schedule. */
async function editContent({ app, newPage, open }: Console, template: string): Promise<void> {
  const page = await newPage('desk');
  await open(page, `/templates/${template}`);
  await page.getByLabel('Subject').fill('Hello {{${first_name}}}');
  await page.getByLabel('Preview as the person').fill('ada');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.getByText('Hello Ada').waitFor();
  await page.frameLocator('iframe[title="The mail"]').getByText('Hi Ada').waitFor();
  await keepPicture(page, 'template-preview-1440-light');
  await page.getByLabel('Preview as the person').fill('');
  await page.getByRole('button', { name: 'Preview' }).click();
  await page.locator('.gap', { hasText: 'first_name' }).waitFor();
  await page.getByRole('button', { name: 'Store 1 change' }).click();
  await page.getByRole('button', { name: 'Nothing to store' }).waitFor();
  const { body } = await app.get(`/templates/email/info?email_template_id=${template}`);
  assert.equal(body.subject, 'Hello {{${first_name}}}');

  await open(page, '/schedules');
  await page
    .getByRole('button', { name: /^Cancel the schedule/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Cancel it' }).click();
  await page.getByRole('heading', { level: 1, name: '1 schedule' }).waitFor();
  await page.close();
}

/** A mail that is not sent runs nothing and loads nothing, although its frame has the origin of the console. */
async function lookAtHostile({ app, context, open }: Console): Promise<void> {
  const { body } = await app.post('/templates/email/create', { template_name: 'attack', subject: 'x', body: attack });
  const page = await context.newPage(); // What the policy refuses is no complaint here.
  const foreign: string[] = [];
  const asked = Promise.withResolvers<void>();
  await page.route(
    (url) => /evil|x\.png/.test(url.href),
    (route) => {
      foreign.push(route.request().url());
      asked.resolve();
      return route.abort();
    },
  );
  await open(page, `/templates/${body.email_template_id}`);
  await page.getByRole('button', { name: 'Preview' }).click();
  const mail = page.frameLocator('iframe[title="The mail"]');
  await mail.getByText('Red', { exact: true }).waitFor();
  const red = 'getComputedStyle(document.querySelector("iframe").contentDocument.querySelector("p")).color';
  assert.equal(await page.evaluate(red), 'rgb(255, 0, 0)', 'the own style of a mail counts');
  assert.equal(await page.evaluate('document.querySelector("iframe").contentDocument.dir'), 'rtl');
  assert.deepEqual([await page.evaluate('window.hacked'), foreign], [undefined, []]);
  assert.equal(new URL(page.url()).pathname, `/templates/${body.email_template_id}`);
  await keepPicture(page, 'template-hostile-1440-light');
  await page.getByRole('button', { name: 'Load them this once' }).click();
  await asked.promise;
  await mail.getByText('Red', { exact: true }).waitFor();
  assert.equal(await page.evaluate('window.hacked'), undefined);
  const { headers } = await page.request
    .get(`${app.url}/operator/v1/mail-frame`)
    .then((response) => ({ headers: response.headers() }));
  assert.match(
    headers['content-security-policy'] ?? '',
    /^default-src 'none'; style-src 'unsafe-inline'; img-src data:;.* sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox$/,
  );
  await page.close();
}

const attack = `<html dir="rtl"><head><base href="https://evil.example/" target="_self"><style>p { color: red; background: url(https://evil.example/b.png) }</style>
<script>parent.hacked = 1</script><link rel="stylesheet" href="https://evil.example/a.css"><meta http-equiv="refresh" content="0;url=https://evil.example/"></head>
<body onload="parent.hacked = 1"><p>Red</p><img src="https://evil.example/x.png" onerror="parent.hacked = 1"><svg onload="parent.hacked = 1"></svg>
<iframe srcdoc="<script>parent.parent.hacked = 1</script>"></iframe><form action="https://evil.example/"><button>Send</button></form>
<a href="javascript:parent.hacked = 1">link</a></body></html>`;

/** Endpoints are called with the session, and with a key that is pasted. */
async function tryCalls({ app, newPage, open }: Console): Promise<void> {
  const page = await newPage('desk');
  await open(page, '/reference');
  await page.getByLabel('Filter the endpoints').fill('campaigns list');
  await page.getByRole('link', { name: 'GET List campaigns' }).first().click();
  await page.getByRole('button', { name: 'Read' }).click();
  await page.locator('.tryit [role=status]').getByText('"Autumn offer"').waitFor();
  await open(page, '/reference?op=POST%20%2Fusers%2Ftrack');
  await page.locator('summary', { hasText: 'attributes' }).first().click();
  await page.locator('.members .members').first().waitFor();
  await page.getByLabel('API key', { exact: true }).fill(app.key);
  await page.getByLabel('Body, application/json').fill('{"attributes": [{"external_id": "by-the-reference"}]}');
  await page.getByRole('button', { name: 'Call POST for real' }).click();
  await page.locator('.tryit [role=status]').getByText('"attributes_processed": 1').waitFor();
  await keepPicture(page, 'reference-tried-1440-light');
  await page.close();
}

/** Who may only read finds no button that changes something. */
async function readAsViewer(started: Console): Promise<void> {
  const { app, newPage, open } = started;
  await started.context.clearCookies();
  await signIn(started, await givenOperator(app, 'viewer'));
  const page = await newPage('desk');
  for (const section of ['providers', 'rules', 'keys', 'webhooks', 'suppressions']) {
    await open(page, `/settings/${section}`);
    await page.getByRole('main').getByRole('heading', { level: 2 }).first().waitFor();
    await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
    const buttons = await page.getByRole('main').getByRole('button').allTextContents();
    assert.deepEqual(buttons, [], section);
  }
  await page.close();
}

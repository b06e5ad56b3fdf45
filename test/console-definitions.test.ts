// Settings that operators edit as the text of a workspace file: plans, secrets that stay, places of mistakes. Over HTTP.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { exampleIds } from '../src/http/openapi/example-ids.ts';
import { createServerFile } from '../src/workspace/file/server-file.ts';
import { type Reply, startTestApp } from './support/app.ts';
import { givenOperator, type SignedIn } from './support/console/console.ts';
import { givenSettings, settingsSecrets } from './support/console/settings.ts';

const caps = (most: number) =>
  `frequency_caps:\n  - { channel: push, max_sends: ${most}, period_count: 1, period_unit: days }\n`;

async function textOf(who: SignedIn, what: string, id?: string): Promise<string> {
  const { status, body } = await who.call('GET', `definitions?what=${what}${id === undefined ? '' : `&id=${id}`}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.yaml;
}

const refusalOf = ({ status, body }: Reply) => [status, body.message, body.errors?.[0]];

test('an edit is looked at, applied exactly so, and recorded with before and after', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  const grace = await givenOperator(app, 'admin', 'grace');
  const unset = (await admin.call('GET', 'definitions?what=frequency_caps')).body;
  assert.deepEqual([unset.yaml, unset.edited, unset.locked], [null, null, null]);
  const looked = await admin.call('POST', 'definitions', { yaml: caps(2), dry_run: true });
  assert.equal(looked.status, 200, JSON.stringify(looked.body));
  assert.deepEqual(
    looked.body.changes.map((one: Record<string, unknown>) => [one.kind, one.what, one.changed]),
    [['change', 'frequency_caps', ['rules']]],
  );
  assert.equal((await admin.call('GET', 'settings')).body.definitions.frequency_caps, undefined);
  const { plan_digest } = looked.body;
  const other = await admin.call('POST', 'definitions', { yaml: caps(9), plan_digest });
  assert.deepEqual([other.status, other.body.message], [409, 'The definitions have changed']);
  assert.equal((await grace.call('POST', 'definitions', { yaml: caps(5) })).status, 200);
  const late = await admin.call('POST', 'definitions', { yaml: caps(2), plan_digest });
  assert.deepEqual([late.status, late.body.message], [409, 'The definitions have changed']);
  const again = (await admin.call('POST', 'definitions', { yaml: caps(2), dry_run: true })).body;
  assert.equal(
    (await admin.call('POST', 'definitions', { yaml: caps(2), plan_digest: again.plan_digest })).status,
    200,
  );
  assert.equal(app.workspace().frequencyCaps[0]?.maxSends, 2, 'this server uses it at once');
  const read = (await admin.call('GET', 'definitions?what=frequency_caps')).body;
  assert.equal(read.edited.by, 'operator admin');
  const same = (await admin.call('POST', 'definitions', { yaml: read.yaml })).body;
  assert.deepEqual(same.changes[0].kind, 'unchanged');
  const { changes } = (await admin.call('GET', 'audit')).body;
  const records = changes.filter(({ action }: { action: string }) => action === 'definitions.change');
  assert.deepEqual(
    records.map((one: Record<string, never>) => [
      ...[one.operator, one.subject],
      ...[Object(one.before).frequency_caps?.[0].max_sends, Object(one.after).frequency_caps[0].max_sends],
    ]),
    [
      ['admin', 'frequency_caps', 5, 2],
      ['grace', 'frequency_caps', undefined, 5],
    ],
  );
});

test('a secret is never shown, stays where it is, and goes nowhere else', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await givenSettings(app);
  const admin = await givenOperator(app, 'admin');
  const web = await textOf(admin, 'app', exampleIds.webApp);
  const sms = await textOf(admin, 'subscription_group', exampleIds.smsGroup);
  const mail = await textOf(admin, 'email');
  const hooks = await textOf(admin, 'event_webhooks');
  for (const text of [web, sms, mail, hooks]) {
    assert.match(text, /\$\{secret:[0-9a-f]{8}\}/);
    const same = await admin.call('POST', 'definitions', { yaml: text, dry_run: true });
    assert.equal(same.body.changes?.[0].kind, 'unchanged', JSON.stringify(same.body));
  }
  const secretOf = (text: string, member: string) => new RegExp(`${member}: (\\S+)`).exec(text)?.[1] ?? '';
  const token = secretOf(sms, 'auth_token');
  const renamed = await admin.call('POST', 'definitions', { yaml: sms.replace('name: Alerts', 'name: Warnings') });
  assert.deepEqual(renamed.body.changes?.[0].changed, ['name'], JSON.stringify(renamed.body));
  assert.equal(secretOf(await textOf(admin, 'subscription_group', exampleIds.smsGroup), 'auth_token'), token);

  const elsewhere = / stands for a secret that is not stored at this very place; write the secret itself \(line \d+\)$/;
  const refused: readonly [string, RegExp][] = [
    [sms.replace('name: Alerts', `name: "${token}"`), elsewhere],
    [sms.replace('account_sid: AC1', `account_sid: "${token}"`), elsewhere],
    [sms.replace(token, '"${secret:00000000}"'), elsewhere],
    [sms.replace(token, `"x${token}"`), elsewhere],
    [sms.replace(exampleIds.smsGroup, crypto.randomUUID()), elsewhere],
    [web.replace(secretOf(web, 'private_key'), secretOf(web, 'identity_key')), elsewhere],
    [mail.replace('@127.0.0.1:9', '@evil.example'), elsewhere],
    [mail.replace('name: main', 'name: other'), elsewhere],
    [
      sms.replace('base_url: http://127.0.0.1:9', 'base_url: http://evil.example'),
      /auth_token: must be written again, because base_url is another one: it would be sent there/,
    ],
    [sms.replace(/\n +base_url: \S+/, ''), /auth_token: must be written again/],
  ];
  for (const [yaml, problem] of refused) {
    const reply = await admin.call('POST', 'definitions', { yaml, dry_run: true });
    assert.equal(reply.status, 400, `${yaml}\n${JSON.stringify(reply.body)}`);
    assert.match(reply.body.errors[0], problem, yaml);
  }
  const replaced = await admin.call('POST', 'definitions', { yaml: sms.replace(token, 'another-token-of-twilio') });
  assert.equal(replaced.status, 200, JSON.stringify(replaced.body));
  const now = await textOf(admin, 'subscription_group', exampleIds.smsGroup);
  assert.notEqual(secretOf(now, 'auth_token'), token);
  const shown = JSON.stringify([
    ...[web, sms, mail, hooks, now, renamed.body, replaced.body],
    ...[(await admin.call('GET', 'audit')).body, (await admin.call('GET', 'settings')).body],
  ]);
  for (const secret of [...settingsSecrets, 'another-token-of-twilio'])
    assert.equal(shown.includes(secret), false, secret);
  await assert.rejects(
    app.givenWorkspace(sms),
    /auth_token: stands for a secret that only the console keeps; write the secret, or \$\{env:NAME\}/,
  );
});

test('what the file of the server defines is locked, each thing by itself', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-definitions-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'workspace.yaml');
  writeFileSync(path, `${caps(2)}apps:\n  - { id: "\${env:WEB_APP}", name: Acme Web, platform: web }\n`);
  const env = { WEB_APP: exampleIds.webApp.toUpperCase() };
  const app = await startTestApp(t, {
    worker: false,
    serverFile: (_db, workspaceId) => createServerFile({ path, env, choose: async () => workspaceId }),
  });
  await givenSettings(app);
  const admin = await givenOperator(app, 'admin');
  const at = (place: string) =>
    `workspace.yaml defines it (${place}), and this server applies that file at its start. Change it there`;
  assert.deepEqual(refusalOf(await admin.call('POST', 'definitions', { yaml: caps(3), dry_run: true })), [
    ...[409, 'A workspace file defines this', `frequency_caps: ${at('frequency_caps, line 1')}`],
  ]);
  const web = await textOf(admin, 'app', exampleIds.webApp);
  assert.deepEqual(refusalOf(await admin.call('POST', 'definitions', { yaml: web.replace('Acme Web', 'Web') })), [
    ...[409, 'A workspace file defines this', `app "Web": ${at('apps[0], line 4')}`],
  ]);
  const { locked } = (await admin.call('GET', 'definitions?what=frequency_caps')).body;
  assert.deepEqual([locked.file, locked.path], ['workspace.yaml', 'frequency_caps']);
  const both = await admin.call('POST', 'definitions', { yaml: `${caps(3)}quiet_hours: []\n` });
  assert.equal(both.status, 409, 'all or nothing');
  assert.equal((await admin.call('POST', 'definitions', { yaml: 'quiet_hours: []' })).status, 200);
  const added = `apps:\n  - { id: ${exampleIds.app}, name: Shop, platform: ios }\n`;
  assert.equal((await admin.call('POST', 'definitions', { yaml: added })).status, 200);
});

test('a mistake is told at its line, and a text reads nothing of the server', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  const wrong: readonly [string, RegExp][] = [
    ['quiet_hours: [', /^line 1: /],
    [
      'tags: [a]\nfrequency_caps:\n  - channel: push\n    max_sends: many\n',
      /^frequency_caps\[0\]\.max_sends: .*\(line 4\)$/,
    ],
    ['segments: []', /^segments: is not edited here; .*\(line 1\)$/],
    ['api_keys: []', /^api_keys: is not edited here/],
    ['no_section: 1', /^no_section: is not edited here/],
    ['[]', /^expected sections/],
    [
      `apps: [{ id: ${exampleIds.app}, name: x, platform: ios }, { id: ${exampleIds.app}, name: y, platform: ios }]`,
      /^apps\[1\]\.id: /,
    ],
    ['tags: &a [*a, *a]', /^an alias stands within what it means/],
    [`tags: ${'['.repeat(100)}${']'.repeat(100)}`, /nested too deeply/],
    ['time_zone: Nowhere/City', /^time_zone: expected the name of a time zone/],
  ];
  for (const [yaml, problem] of wrong) {
    const reply = await admin.call('POST', 'definitions', { yaml });
    assert.equal(reply.status, 400, yaml);
    assert.match(reply.body.errors[0], problem);
  }
  const text = '"${env:PATH} ${file:/etc/hostname}"';
  assert.equal((await admin.call('POST', 'definitions', { yaml: `tags: [${text}]` })).status, 200);
  const { definitions } = (await admin.call('GET', 'settings')).body;
  assert.deepEqual(definitions.tags, [text.slice(1, -1)]);
  for (const query of ['', '?what=app', '?what=email&id=x', '?what=segments'])
    assert.equal((await admin.call('GET', `definitions${query}`)).status, 400, query);
  assert.equal((await admin.call('GET', `definitions?what=app&id=${exampleIds.app}`)).status, 404);
});

// What operators read of the definitions, how they try accounts and make keys, and the workspace file, over HTTP.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { audienceChecks } from '../src/audience/grammar/check-filter.ts';
import { messageChecks } from '../src/dispatch/plan/campaign-content.ts';
import { exampleIds } from '../src/http/openapi/example-ids.ts';
import { startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { startTwilioSimulator } from '../src/simulate/twilio/twilio.ts';
import { startWhatsAppSimulator } from '../src/simulate/whats-app/whats-app.ts';
import { applyFile } from '../src/workspace/file/apply-file.ts';
import { planFile, stampOf } from '../src/workspace/file/plan-file.ts';
import { secretFrom } from '../src/workspace/secrets.ts';
import { startTestApp } from './support/app.ts';
import { givenOperator } from './support/console/console.ts';
import { givenSettings, settingsSecrets } from './support/console/settings.ts';
import { fillConsole } from './support/console/world.ts';
import { startLoginRelay } from './support/login-relay.ts';

test('an operator reads what is defined without its secrets, and exports it as a file', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await fillConsole(app);
  await givenSettings(app);
  const viewer = await givenOperator(app, 'viewer');
  const { body } = await viewer.call('GET', 'settings');
  const { yaml, variables } = (await viewer.call('GET', 'workspace-file')).body;
  for (const secret of settingsSecrets)
    for (const shown of [JSON.stringify(body), yaml]) assert.equal(shown.includes(secret), false, secret);
  const web = body.definitions.apps.find((one: { platform: string }) => one.platform === 'web');
  assert.match(web.vapid.private_key.digest, /^[0-9a-f]{8}$/);
  assert.notEqual(web.vapid.private_key.digest, web.vapid.identity_key.digest);
  assert.equal(body.definitions.email.smtp[0].url.shown, 'smtp://ada:•••@127.0.0.1:9');
  assert.ok(variables.some((one: { name: string }) => one.name === 'ACME_WEB_VAPID_PRIVATE_KEY'));
  await app.givenWorkspace(yaml.replaceAll(/\$\{env:(\w+)\}/g, (_all: string, name: string) => textOf(name)));
  const again = (await viewer.call('GET', 'settings')).body;
  assert.deepEqual(again, body, 'what was exported and applied is what it was');
});

/** The values of the variables of an export. */
function textOf(name: string): string {
  const [privateKey, identityKey, twilio, relay, webhook, key] = settingsSecrets;
  const ends: readonly [string, string | undefined][] = [
    ['VAPID_PRIVATE_KEY', privateKey],
    ['VAPID_IDENTITY_KEY', identityKey],
    ['AUTH_TOKEN', twilio],
    ['PASSWORD', relay],
    ['SECRET', `whsec_${webhook}`],
    ['KEY_OF_THE_FILE', key],
  ];
  return ends.find(([end]) => name.endsWith(end))?.[1] ?? 'unknown';
}

test('a key is made once, listed without itself, deleted, and each is recorded', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  const asked = { name: 'shop', permissions: ['status.read', 'status.read'], allow_from: ['127.0.0.0/8'] };
  const made = await admin.call('POST', 'keys', asked);
  assert.equal(made.status, 201);
  await app.refreshCatalog();
  assert.equal((await app.get('/status', { key: made.body.key })).status, 200);
  assert.deepEqual((await admin.call('POST', 'keys', asked)).body.errors, [
    'name: there is a key named "shop" already',
  ]);
  const { keys } = (await admin.call('GET', 'keys')).body;
  const shop = keys.find((one: { name: string }) => one.name === 'shop');
  assert.deepEqual(
    [shop.permissions, shop.created_by, shop.is_of_file, JSON.stringify(keys).includes(made.body.key)],
    [['status.read'], 'operator admin', false, false],
  );
  assert.equal((await admin.call('DELETE', `keys/${made.body.key_id}`)).status, 200);
  await app.refreshCatalog();
  assert.equal((await app.get('/status', { key: made.body.key })).status, 401);
  assert.equal((await admin.call('DELETE', `keys/${made.body.key_id}`)).status, 404);
  const { changes } = (await admin.call('GET', 'audit')).body;
  const of = { permissions: ['status.read'], allow_from: ['127.0.0.0/8'], created_by: 'operator admin' };
  assert.deepEqual(
    changes
      .filter(({ action }: { action: string }) => action.startsWith('key.'))
      .map(({ action, operator, subject, before, after }: Record<string, unknown>) => [
        ...[action, operator, subject, before, after],
      ]),
    [
      ['key.delete', 'admin', 'shop', of, null],
      ['key.create', 'admin', 'shop', null, of],
    ],
  );
  const wrong: readonly [object, RegExp][] = [
    [{ name: '', permissions: ['status.read'] }, /^name: expected 1 to 255 characters/],
    [{ name: 'a\0', permissions: ['status.read'] }, /^name: /],
    [{ name: 'x', permissions: [] }, /^permissions: expected at least one/],
    [{ name: 'x', permissions: ['all.of.it'] }, /^permissions\[0\]: there is no such permission/],
    [{ name: 'x', permissions: 'all' }, /^permissions: expected a list of texts/],
    [{ name: 'x', permissions: ['status.read'], allow_from: ['10.0.0.0/99'] }, /^allow_from\[0\]: /],
    [{ name: 'x', permissions: ['status.read'], role: 'admin' }, /^role: unknown member/],
  ];
  for (const [body, error] of wrong) {
    const reply = await admin.call('POST', 'keys', body);
    assert.equal(reply.status, 400, JSON.stringify(body));
    assert.match(reply.body.errors[0], error);
  }
});

test('a change of a template is recorded with what was there before', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  const made = await admin.call('POST', 'templates/email/create', { template_name: 'Hi', subject: 'Old', body: 'b' });
  const id = made.body.email_template_id;
  assert.equal(
    (await admin.call('POST', 'templates/email/update', { email_template_id: id, subject: 'New' })).status,
    200,
  );
  const [change] = (await admin.call('GET', 'audit?limit=1')).body.changes;
  assert.deepEqual(
    [change.action, change.subject, change.before, change.after.asked.subject],
    ['POST /templates/email/update', id, { email_template_id: id, subject: 'Old' }, 'New'],
  );
});

test('an account is tried with its provider, whose words are shown without secrets', async (t) => {
  const app = await startTestApp(t, { worker: false, startsAt: new Date() });
  const relay = await startLoginRelay(t, 'the-password');
  const [apns, fcm, twilio, whatsApp] = await Promise.all([
    startApnsSimulator({ topics: ['com.acme.app'] }),
    startFcmSimulator(),
    startTwilioSimulator(),
    startWhatsAppSimulator(),
  ]);
  t.after(() => Promise.all([apns.stop(), fcm.stop(), twilio.stop(), whatsApp.stop()]));
  const ids = { ios: crypto.randomUUID(), android: crypto.randomUUID(), support: crypto.randomUUID() };
  const apply = (wrong: boolean) => {
    const { accountSid, authToken, from } = twilio.account;
    const token = wrong ? 'the-wrong-token' : authToken;
    const [{ teamId, keyId, key } = { teamId: '', keyId: '', key: '' }] = apns.keys;
    return app.givenWorkspace(
      JSON.stringify({
        apps: [
          {
            ...{ id: ids.ios, name: 'iOS', platform: 'ios' },
            apns: { team_id: teamId, key_id: wrong ? 'K2' : keyId, key, topic: 'com.acme.app', base_url: apns.url },
          },
          {
            ...{ id: ids.android, name: 'Android', platform: 'android' },
            fcm: {
              service_account: JSON.stringify(fcm.serviceAccount),
              base_url: wrong ? 'http://127.0.0.1:1' : fcm.url,
            },
          },
        ],
        email: { smtp: [{ name: 'main', url: relay.url(wrong ? 'the-wrong-password' : 'the-password') }] },
        subscription_groups: [
          {
            ...{ id: exampleIds.smsGroup, name: 'Alerts', channel: 'sms' },
            twilio: { account_sid: accountSid, auth_token: token, from, base_url: twilio.url },
          },
          {
            ...{ id: ids.support, name: 'Support', channel: 'whats_app' },
            whatsapp_cloud: {
              phone_number_id: whatsApp.account.phoneNumberId,
              access_token: wrong ? 'the-wrong-access-token' : whatsApp.account.accessToken,
              base_url: whatsApp.url,
            },
          },
        ],
      }),
    );
  };
  const sender = await givenOperator(app, 'sender');
  const all: readonly (readonly [string, string])[] = [
    ['app', ids.ios],
    ['app', ids.android],
    ['group', exampleIds.smsGroup],
    ['group', ids.support],
    ['relay', 'main'],
  ];
  const tryAll = async () => {
    const replies = await Promise.all(all.map(([kind, id]) => sender.call('POST', 'settings/test', { kind, id })));
    return replies.map(({ body }) => [body.is_good, body.said]);
  };
  await apply(false);
  assert.deepEqual(await tryAll(), [
    [true, null],
    [true, null],
    [true, null],
    [true, 'Simulated, +15550100, quality GREEN'],
    [true, null],
  ]);
  assert.deepEqual(
    [apns, fcm, twilio, whatsApp].map((one) => one.received().length),
    [0, 0, 0, 0],
    'nobody got anything',
  );
  await apply(true);
  const bad = await tryAll();
  assert.deepEqual(
    bad.map(([isGood]) => isGood),
    [false, false, false, false, false],
  );
  const words = bad.map(([, said]) => String(said));
  for (const [at, expected] of [/InvalidProviderToken/, /127\.0\.0\.1:1/, /401|20003/, /190/, /535/].entries())
    assert.match(words[at] ?? '', expected);
  assert.equal(/the-wrong|PRIVATE/.test(words.join(' ')), false, words.join(' '));
  const none = await sender.call('POST', 'settings/test', { kind: 'relay', id: 'nobody' });
  assert.deepEqual([none.status, none.body.errors], [404, ['id: no mail relay has this name']]);
  assert.equal((await sender.call('POST', 'settings/test', { kind: 'server', id: 'x' })).status, 400);
});

test('the file of the server is compared with what is applied, and applies are listed with who made them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-drift-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'workspace.yaml');
  const options = { path, env: {}, ...audienceChecks, ...messageChecks };
  const app = await startTestApp(t, {
    worker: false,
    planFile: (db, workspaceId, secret) => () => planFile(db, { ...options, choose: async () => workspaceId, secret }),
  });
  const viewer = await givenOperator(app, 'viewer');
  const state = async () => (await viewer.call('GET', 'workspace-file/state')).body;
  const applyNow = () =>
    applyFile(app.db, {
      ...{ ...options, choose: async () => app.workspaceId },
      ...{ secret: secretFrom(app.secret), by: 'test' },
    });
  writeFileSync(path, 'campaigns: [{ id: c, name: Receipts, kind: api }]');
  const before = await state();
  assert.deepEqual([before.applied, before.server_file.file], [[], 'workspace.yaml']);
  assert.deepEqual(before.server_file.changes[0], {
    what: 'campaign',
    id: 'c',
    name: 'Receipts',
    kind: 'create',
    changed: [],
  });
  await applyNow();
  const after = await state();
  assert.equal(after.applied.length, 1);
  assert.deepEqual([after.applied[0].by, after.applied[0].digest], ['test', after.server_file.digest]);
  assert.deepEqual(after.server_file.changes, [], 'what is the same is left out');
  writeFileSync(path, 'campaigns: [{ id: c }]');
  const broken = (await state()).server_file;
  assert.deepEqual([broken.digest, broken.problems[0]], [null, 'campaigns[0].name: is required']);
  rmSync(path);
  assert.match((await state()).server_file.problems[0], /cannot be read \(ENOENT\)/);
});

test('a large file is compared in the background, once for each change of it or of what is applied', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-drift-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'workspace.yaml');
  const options = { path, env: {}, ...audienceChecks, ...messageChecks };
  let comparisons = 0;
  let next = Promise.withResolvers<void>();
  const app = await startTestApp(t, {
    worker: false,
    planFile: (db, workspaceId, secret) => async () => {
      comparisons += 1;
      return planFile(db, { ...options, choose: async () => workspaceId, secret }).finally(() =>
        setImmediate(next.resolve),
      );
    },
    stampFile: () => stampOf(path),
  });
  const viewer = await givenOperator(app, 'viewer');
  const campaign = (n: number) => `{ id: c${n}, name: Campaign ${n}, kind: api }`;
  const file = (many: number) => `campaigns: [${Array.from({ length: many }, (_, n) => campaign(n)).join(', ')}]`;
  const state = async () => {
    const { status, body } = await viewer.call('GET', 'workspace-file/state');
    return [status, body.is_comparing, body.server_file?.changes.length ?? null];
  };
  const untilCompared = async () => {
    app.clock.advance(1_000);
    await next.promise;
    next = Promise.withResolvers<void>();
  };
  // The server may read the definitions a second time, when it hears that they changed.
  const settled = async () => {
    let now = await state();
    for (; now[1] === true; now = await state()) await untilCompared();
    return now;
  };
  await app.givenWorkspace(file(1_001));
  writeFileSync(path, file(1_001));
  assert.deepEqual(await state(), [200, true, null], 'nothing is known yet');
  assert.deepEqual(await settled(), [200, false, 0]);
  writeFileSync(path, file(1_003));
  assert.deepEqual(await state(), [200, true, 0], 'as it was');
  assert.deepEqual(await settled(), [200, false, 2]);
  await app.givenWorkspace(file(1_002));
  assert.deepEqual(await state(), [200, true, 2], 'as it was');
  assert.deepEqual(await settled(), [200, false, 1]);
  const before = comparisons;
  for (let asked = 0; asked < 5; asked += 1) {
    await state();
    app.clock.advance(1_000);
  }
  assert.deepEqual(await settled(), [200, false, 1]);
  assert.ok(comparisons <= before + 1, 'nothing has changed');
  app.clock.advance(600_000);
  assert.deepEqual(await state(), [200, true, 1], 'files that it refers to may have changed');
});

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { inspect } from 'node:util';
import { type TestDatabase, testDatabase } from '../../test/support/database.ts';
import { noEmailSettings } from '../channels/email/settings.ts';
import { sql } from '../db/sql.ts';
import { loadCatalog } from './load-catalog.ts';
import { seal, secretFrom } from './secrets.ts';

const secret = secretFrom('a secret of the tests, long enough');
const ID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const apns = { team_id: 'T1', key_id: 'K1', topic: 'com.acme', calls_per_minute: 600 };

async function defineEverything({ db, workspaceId }: TestDatabase): Promise<void> {
  const smtp = seal(secret, JSON.stringify({ smtp: { url: 'smtp://u:pw@relay' } }), `workspaces/${workspaceId}`);
  const settings = {
    email: { default_from: 'Acme <hello@acme.test>', list_unsubscribe: true, footer: 'bye' },
    webhook: { deliver: true, allow: ['10.0.0.0/8'] },
    rate_limits: { default: 7 },
  };
  await db.run(sql`update workspaces set time_zone = 'Europe/Vienna', settings = ${settings}, secrets = ${smtp}`);
  await db.run(sql`
    insert into apps (id, workspace_id, name, platform, provider, secrets)
    values (${ID}, ${workspaceId}, 'Acme iOS', 'ios', ${{ kind: 'apns', settings: apns }},
            ${seal(secret, JSON.stringify({ key: pem }), `apps/${ID}`)}),
           ('web-app', ${workspaceId}, 'Acme Web', 'web', null, null)`);
  await db.run(sql`
    insert into subscription_groups (id, workspace_id, name, channel, archived)
    values (${ID}, ${workspaceId}, 'Alerts', 'sms', true)`);
  await db.run(sql`
    insert into segments (id, workspace_id, name, filter)
    values (${ID}, ${workspaceId}, 'Known', ${{ email_available: true }}), ('all', ${workspaceId}, 'All', null)`);
  await db.run(sql`
    insert into campaigns (id, workspace_id, name, kind, tags, obeys_caps, counts_toward_caps)
    values (${ID}, ${workspaceId}, 'Receipts', 'api', '{promo}', false, true)`);
  await db.run(sql`
    insert into message_variations (campaign_id, id, channel, name) values (${ID}, 'mail-1', 'email', 'Mail')`);
  await db.run(sql`
    insert into frequency_caps (workspace_id, ordinal, channel, max_sends, period_count, period_unit, tag)
    values (${workspaceId}, 1, 'any', 2, 1, 'days', null), (${workspaceId}, 0, 'push', 1, 3, 'weeks', 'promo')`);
}

test('the catalog holds everything that is defined, with opened credentials', async (t) => {
  const database = await testDatabase(t);
  await defineEverything(database);
  const workspace = (await loadCatalog(database.db, secret)).workspace(database.workspaceId);
  assert.deepEqual(workspace, {
    id: database.workspaceId,
    name: 'test',
    timeZone: 'Europe/Vienna',
    settings: {
      email: {
        ...noEmailSettings,
        defaultFrom: 'Acme <hello@acme.test>',
        smtp: [{ name: 'relay', url: 'smtp://u:pw@relay' }],
        listUnsubscribe: true,
        footer: 'bye',
      },
      webhook: { deliver: true, allow: ['10.0.0.0/8'] },
      audience: { missingNumberIsZero: true },
      requests: { keyInBody: false, strictContentType: false },
      schedules: { lateMs: 3_600_000 },
      users: { trackBatch: 'per_array' },
      itemCatalogs: { storageBytes: 2_147_483_648 },
      rateLimits: { default: 7 },
    },
    apps: new Map([
      [
        ID,
        {
          id: ID,
          name: 'Acme iOS',
          platform: 'ios',
          provider: { kind: 'apns', settings: { ...apns, key: pem } },
        },
      ],
      ['web-app', { id: 'web-app', name: 'Acme Web', platform: 'web' }],
    ]),
    subscriptionGroups: new Map([[ID, { id: ID, name: 'Alerts', channel: 'sms', archived: true, countries: null }]]),
    segments: new Map([
      [ID, { id: ID, name: 'Known', filter: { email_available: true }, archived: false }],
      ['all', { id: 'all', name: 'All', filter: null, archived: false }],
    ]),
    campaigns: new Map([
      [
        ID,
        {
          id: ID,
          name: 'Receipts',
          kind: 'api',
          archived: false,
          tags: ['promo'],
          obeysCaps: false,
          countsTowardCaps: true,
          variations: new Map([['mail-1', { id: 'mail-1', name: 'Mail', channel: 'email' }]]),
        },
      ],
    ]),
    canvases: new Map(),
    frequencyCaps: [
      { channel: 'push', maxSends: 1, periodCount: 3, periodUnit: 'weeks', tag: 'promo' },
      { channel: 'any', maxSends: 2, periodCount: 1, periodUnit: 'days', tag: null },
    ],
  });
});

test('a new workspace has the defaults, and all its messages go to the sandbox', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const workspace = (await loadCatalog(db, secret)).workspace(workspaceId);
  assert.equal(workspace?.timeZone, 'UTC');
  assert.deepEqual(workspace?.settings, {
    email: noEmailSettings,
    webhook: { deliver: false, allow: [] },
    audience: { missingNumberIsZero: true },
    requests: { keyInBody: false, strictContentType: false },
    schedules: { lateMs: 3_600_000 },
    users: { trackBatch: 'per_array' },
    itemCatalogs: { storageBytes: 2_147_483_648 },
    rateLimits: {},
  });
});

test('an unknown workspace or key is undefined', async (t) => {
  const { db } = await testDatabase(t);
  const catalog = await loadCatalog(db, secret);
  assert.equal(catalog.workspace(99), undefined);
  assert.equal(catalog.apiKey(Buffer.alloc(32)), undefined);
});

test('a permission of a newer version allows nothing', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  await db.run(sql`
    insert into api_keys (id, workspace_id, name, hash, hint, permissions, created_by)
    values (${ID}, ${workspaceId}, 'new', ${Buffer.alloc(32)}, 'abcd', '{users.track,moon.land,toString}', 'test')`);
  const catalog = await loadCatalog(db, secret);
  assert.deepEqual(catalog.apiKey(Buffer.alloc(32))?.permissions, new Set(['users.track']));
});

test('with another secret the catalog is refused, and the error names the row and what to do', async (t) => {
  const database = await testDatabase(t);
  await defineEverything(database);
  const wrong = loadCatalog(database.db, secretFrom('another secret, long enough as well'));
  await assert.rejects(wrong, {
    name: 'SecretError',
    message: /^apps\/0d7c9a52-.* sealed with another secret\. Start/,
  });
});

/** Unusable values in the row of the app, or of the workspace, and the operator's error message. */
const stored: [what: string, put: (of: TestDatabase) => Promise<unknown>, message: string][] = [
  [
    'a number that is a text',
    ({ db }) =>
      db.run(sql`update apps set provider = ${{ kind: 'apns', settings: { ...apns, calls_per_minute: '600' } }}`),
    `apps/${ID}: the stored settings cannot be used (apns.calls_per_minute: expected an integer from 1 to 100000000)`,
  ],
  [
    'a member that no such provider has',
    ({ db }) => db.run(sql`update apps set provider = ${{ kind: 'apns', settings: { ...apns, topik: 'x' } }}`),
    `apps/${ID}: the stored settings cannot be used (apns.topik: there is no such key; did you mean topic?)`,
  ],
  [
    'a provider of another platform',
    ({ db }) => db.run(sql`update apps set provider = ${{ kind: 'fcm', settings: {} }}`),
    `apps/${ID}: the stored settings cannot be used (provider.kind: does not fit ios)`,
  ],
  [
    'a kind that nobody knows',
    ({ db }) => db.run(sql`update apps set provider = ${{ kind: 'constructor', settings: {} }}`),
    `apps/${ID}: the stored settings cannot be used (provider.kind: does not fit ios)`,
  ],
  [
    'settings that are no object',
    ({ db }) => db.run(sql`update apps set provider = ${{ kind: 'apns', settings: ['T1'] }}`),
    `apps/${ID}: the stored settings cannot be used (provider.settings: expected an object)`,
  ],
  [
    'no sealed part',
    ({ db }) => db.run(sql`update apps set secrets = null`),
    `apps/${ID}: the stored settings cannot be used (apns.key: is required)`,
  ],
  [
    'a sealed part that is no JSON',
    ({ db }) => db.run(sql`update apps set secrets = ${seal(secret, 'the-password', `apps/${ID}`)}`),
    `apps/${ID}: the stored settings cannot be used (the sealed part is no JSON)`,
  ],
  [
    'a sealed part that is no object',
    ({ db }) => db.run(sql`update apps set secrets = ${seal(secret, '"the-password"', `apps/${ID}`)}`),
    `apps/${ID}: the stored settings cannot be used (secrets: expected an object)`,
  ],
  [
    'a sealed key that is none',
    ({ db }) => db.run(sql`update apps set secrets = ${seal(secret, '{"key":"the-password"}', `apps/${ID}`)}`),
    `apps/${ID}: the stored settings cannot be used (apns.key: expected the text of the .p8 file from Apple)`,
  ],
  [
    'a flag of the mails that is a text',
    ({ db }) => db.run(sql`update workspaces set settings = ${{ email: { list_unsubscribe: 'yes' } }}`),
    'the stored settings cannot be used (email.list_unsubscribe: expected true or false)',
  ],
  [
    'a target of webhooks that is none',
    ({ db }) => db.run(sql`update workspaces set settings = ${{ webhook: { allow: ['a b'] } }}`),
    'the stored settings cannot be used (webhook.allow[0]: expected a host, address or CIDR subnet',
  ],
  [
    'a relay without a URL',
    ({ db, workspaceId }) =>
      db.run(sql`
        update workspaces set secrets = ${seal(secret, '{"smtp":{"url":"the-password"}}', `workspaces/${workspaceId}`)}`),
    'the stored settings cannot be used (email.smtp.url: expected a URL such as smtp://',
  ],
];
for (const [what, put, message] of stored) {
  test(`stored settings are checked: ${what} is refused, and its value is not shown`, async (t) => {
    const database = await testDatabase(t);
    await defineEverything(database);
    await put(database);
    await assert.rejects(loadCatalog(database.db, secret), (error: Error) => {
      assert.equal(error.name, 'StoredSettingsError');
      assert.ok(error.message.includes(message), error.message);
      assert.match(error.message, /\. Apply the workspace file again\.$/);
      assert.ok(!inspect(error).includes('the-password'));
      return true;
    });
  });
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { type TestDatabase, testDatabase } from '../../test/support/database.ts';
import { sql } from '../db/sql.ts';
import { loadCatalog } from './load-catalog.ts';
import { seal, secretFrom } from './secrets.ts';

const secret = secretFrom('a secret of the tests, long enough');
const ID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

async function defineEverything({ db, workspaceId }: TestDatabase): Promise<void> {
  const smtp = seal(secret, JSON.stringify({ smtp_url: 'smtp://u:pw@relay' }), `workspaces/${workspaceId}`);
  const settings = {
    email: { default_from: 'Acme <hello@acme.test>', list_unsubscribe: true, footer: 'bye' },
    webhook: { deliver: true, allow: ['10.0.0.0/8'] },
    rate_limits: { default: 7 },
  };
  await db.run(sql`update workspaces set time_zone = 'Europe/Vienna', settings = ${settings}, secrets = ${smtp}`);
  await db.run(sql`
    insert into apps (id, workspace_id, name, platform, provider, secrets)
    values (${ID}, ${workspaceId}, 'Acme iOS', 'ios', ${{ kind: 'apns', settings: { team_id: 'T1' } }},
            ${seal(secret, '{"key":"pem"}', `apps/${ID}`)}),
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

test('the catalog holds everything that is defined, credentials opened', async (t) => {
  const database = await testDatabase(t);
  await defineEverything(database);
  const workspace = (await loadCatalog(database.db, secret)).workspace(database.workspaceId);
  assert.deepEqual(workspace, {
    id: database.workspaceId,
    name: 'test',
    timeZone: 'Europe/Vienna',
    settings: {
      email: {
        defaultFrom: 'Acme <hello@acme.test>',
        smtp: [{ name: 'relay', url: 'smtp://u:pw@relay' }],
        listUnsubscribe: true,
        footer: 'bye',
      },
      webhook: { deliver: true, allow: ['10.0.0.0/8'] },
      audience: { missingNumberIsZero: true },
      rateLimits: { default: 7 },
    },
    apps: new Map([
      [
        ID,
        {
          id: ID,
          name: 'Acme iOS',
          platform: 'ios',
          provider: { kind: 'apns', settings: { team_id: 'T1', key: 'pem' } },
        },
      ],
      ['web-app', { id: 'web-app', name: 'Acme Web', platform: 'web' }],
    ]),
    subscriptionGroups: new Map([[ID, { id: ID, name: 'Alerts', channel: 'sms', archived: true }]]),
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
    frequencyCaps: [
      { channel: 'push', maxSends: 1, periodCount: 3, periodUnit: 'weeks', tag: 'promo' },
      { channel: 'any', maxSends: 2, periodCount: 1, periodUnit: 'days', tag: null },
    ],
  });
});

test('a new workspace has the defaults: everything to the sandbox', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const workspace = (await loadCatalog(db, secret)).workspace(workspaceId);
  assert.equal(workspace?.timeZone, 'UTC');
  assert.deepEqual(workspace?.settings, {
    email: { defaultFrom: null, smtp: null, listUnsubscribe: false, footer: null },
    webhook: { deliver: false, allow: [] },
    audience: { missingNumberIsZero: true },
    rateLimits: {},
  });
});

test('an unknown workspace or key is undefined', async (t) => {
  const { db } = await testDatabase(t);
  const catalog = await loadCatalog(db, secret);
  assert.equal(catalog.workspace(99), undefined);
  assert.equal(catalog.apiKey(Buffer.alloc(32)), undefined);
});

test('a permission of a newer version opens nothing', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  await db.run(sql`
    insert into api_keys (id, workspace_id, name, hash, hint, permissions, created_by)
    values (${ID}, ${workspaceId}, 'new', ${Buffer.alloc(32)}, 'abcd', '{users.track,moon.land,toString}', 'test')`);
  const catalog = await loadCatalog(db, secret);
  assert.deepEqual(catalog.apiKey(Buffer.alloc(32))?.permissions, new Set(['users.track']));
});

test('with another secret the catalog is refused, naming the place and what to do', async (t) => {
  const database = await testDatabase(t);
  await defineEverything(database);
  const wrong = loadCatalog(database.db, secretFrom('another secret, long enough as well'));
  await assert.rejects(wrong, {
    name: 'SecretError',
    message: /^apps\/0d7c9a52-.* sealed with another secret\. Start/,
  });
});

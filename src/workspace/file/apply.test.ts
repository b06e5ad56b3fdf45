import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { testDatabase } from '../../../test/support/database.ts';
import { noEmailSettings } from '../../channels/email/settings.ts';
import { raw, sql } from '../../db/sql.ts';
import { createKey, hashKey, listKeys } from '../keys/keys.ts';
import { loadCatalog } from '../load-catalog.ts';
import { secretFrom } from '../secrets.ts';
import { type ApplyOptions, applyWorkspace } from './apply.ts';
import { readWorkspaceFile } from './file.ts';
import { type Plan, printPlan } from './plan.ts';

const secret = secretFrom('a secret of the tests, long enough');
const otherSecret = secretFrom('another secret, long enough as well');
const id = (digit: number) => `0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a1${digit}`;
const KEY = 'a-key-of-16-characters';
const pem = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export({ type: 'pkcs8', format: 'pem' });

const apns = { team_id: 'T1', key_id: 'K1', key: String(pem), topic: 'com.acme.app' };
const twilio = { account_sid: 'AC1', auth_token: 'the-twilio-token', from: '+15550100' };
const whole = {
  name: 'Acme',
  time_zone: 'Europe/Vienna',
  apps: [
    { id: id(1), name: 'Acme iOS', platform: 'ios', apns },
    { id: id(2), name: 'Acme Web', platform: 'web' },
    { id: id(3), name: 'Acme Fire', platform: 'kindle', adm: { client_id: 'i', client_secret: 'the-adm-secret' } },
  ],
  email: { default_from: 'hello@acme.test', smtp: { url: 'smtp://u:the-smtp-password@relay.test' }, footer: 'bye' },
  webhook: { deliver: true },
  audience: { missing_number_is_zero: false },
  requests: { key_in_body: true },
  users: { track_batch: 'combined' },
  item_catalogs: { storage_bytes: 5_000_000_000 },
  subscription_groups: [{ id: id(4), name: 'Alerts', channel: 'sms', twilio }],
  segments: [{ id: id(5), name: 'Known', filter: { AND: [{ email_available: true }, { n: -0 }] }, tags: ['a'] }],
  campaigns: [{ id: 'c-1', name: 'Receipts', kind: 'api', variations: [{ id: 'v-1', channel: 'email' }] }],
  frequency_caps: [{ channel: 'push', max_sends: 2, period_count: 1, period_unit: 'days' }],
  rate_limits: { default: 7 },
  api_keys: [{ name: 'backend', key: KEY, permissions: ['messages.send'], allow_from: ['10.0.0.0/8'] }],
};
const secretTexts = [
  'the-adm-secret',
  'the-smtp-password',
  'the-twilio-token',
  KEY,
  String(pem).split('\n')[1] ?? 'no key',
];

async function workspace(t: TestContext) {
  const { db, workspaceId } = await testDatabase(t);
  const apply = async (value: object, options: Partial<ApplyOptions> = {}) => {
    const file = readWorkspaceFile(stringify(value), { path: 'w.yaml', env: {} }, () => []);
    const { plan } = await applyWorkspace(db, {
      workspaceId,
      file,
      path: 'w.yaml',
      secret,
      checkReferences: () => [],
      checkContent: () => [],
      ...options,
    });
    return plan;
  };
  const catalog = async (with_ = secret) => (await loadCatalog(db, with_)).workspace(workspaceId);
  return { db, workspaceId, apply, catalog };
}

const brief = (plan: Plan) =>
  plan.map(({ kind, what, id, changed }) => [kind, what, id, changed.join()].join(' ').trim());

test('the first apply creates everything, and the catalog has it', async (t) => {
  const { apply, catalog, db } = await workspace(t);
  assert.deepEqual(brief(await apply(whole)), [
    'change workspace  name,time_zone',
    'change email  default_from,smtp,footer',
    'change webhook  deliver',
    'change audience  missing_number_is_zero',
    'change requests  key_in_body',
    'change users  track_batch',
    'change item_catalogs  storage_bytes',
    'change rate_limits  limits',
    `create app ${id(1)}`,
    `create app ${id(2)}`,
    `create app ${id(3)}`,
    `create subscription_group ${id(4)}`,
    `create segment ${id(5)}`,
    'create campaign c-1',
    'create message_variation v-1',
    'change frequency_caps  rules',
    'create api_key',
  ]);
  const found = await catalog();
  assert.equal(found?.name, 'Acme');
  assert.equal(found?.timeZone, 'Europe/Vienna');
  assert.deepEqual(found?.settings, {
    email: {
      ...noEmailSettings,
      defaultFrom: 'hello@acme.test',
      smtp: [{ name: 'relay.test', url: 'smtp://u:the-smtp-password@relay.test' }],
      listUnsubscribe: false,
      footer: 'bye',
    },
    webhook: { deliver: true, allow: [] },
    audience: { missingNumberIsZero: false },
    requests: { keyInBody: true, strictContentType: false },
    schedules: { lateMs: 3_600_000 },
    users: { trackBatch: 'combined' },
    itemCatalogs: { storageBytes: 5_000_000_000 },
    rateLimits: { default: 7 },
  });
  assert.deepEqual(found?.apps.get(id(1)), {
    id: id(1),
    name: 'Acme iOS',
    platform: 'ios',
    provider: { kind: 'apns', settings: apns },
  });
  assert.deepEqual(found?.apps.get(id(2)), { id: id(2), name: 'Acme Web', platform: 'web' });
  assert.deepEqual(found?.subscriptionGroups.get(id(4))?.provider, { kind: 'twilio', settings: twilio });
  assert.deepEqual(found?.segments.get(id(5))?.filter, { AND: [{ email_available: true }, { n: 0 }] });
  assert.deepEqual(
    [...(found?.campaigns.get('c-1')?.variations.values() ?? [])],
    [{ id: 'v-1', name: 'v-1', channel: 'email' }],
  );
  assert.deepEqual(found?.frequencyCaps, [
    { channel: 'push', maxSends: 2, periodCount: 1, periodUnit: 'days', tag: null },
  ]);
  const key = (await loadCatalog(db, secret)).apiKey(hashKey(KEY));
  assert.deepEqual(key?.permissions, new Set(['messages.send']));
  assert.deepEqual(key?.allowFrom, ['10.0.0.0/8']);
});

const tables = ['workspaces', 'apps', 'subscription_groups', 'segments', 'campaigns', 'message_variations'];
const allTables = [...tables, 'frequency_caps', 'api_keys'];

async function contents(db: Awaited<ReturnType<typeof workspace>>['db']): Promise<string> {
  const rows = allTables.map((table) => db.query(sql`select ${raw(table)}::text as row from ${raw(table)} order by 1`));
  return JSON.stringify(await Promise.all(rows));
}

test('a second apply changes no row and announces nothing', async (t) => {
  const { apply, db } = await workspace(t);
  await apply(whole);
  const before = await contents(db);
  const plan = await apply(whole);
  assert.deepEqual(new Set(plan.map(({ kind }) => kind)), new Set(['unchanged']));
  assert.equal(plan.length, 17);
  assert.equal(await contents(db), before);
});

test('no row and no printed plan holds a secret in clear', async (t) => {
  const { apply, db } = await workspace(t);
  const plan = await apply(whole);
  const stored = await contents(db);
  for (const text of secretTexts) {
    assert.equal(stored.includes(text), false, text);
    assert.equal(stored.includes(Buffer.from(text).toString('hex')), false, text);
    assert.equal(JSON.stringify(plan).includes(text), false, text);
  }
  assert.equal(stored.includes('com.acme.app'), true);
});

test('differences are applied, and the plan names them', async (t) => {
  const { apply, catalog, db } = await workspace(t);
  await apply(whole);
  const [ios, web, fire] = whole.apps;
  const plan = await apply({
    apps: [
      { ...ios, apns: { ...apns, topic: 'com.acme.two' } },
      web,
      { id: fire?.id, name: 'Fire', platform: 'kindle' },
    ],
    email: { ...whole.email, smtp: { url: 'smtp://u:other@relay.test' } },
    subscription_groups: [{ ...whole.subscription_groups[0], archived: true }],
    segments: [{ ...whole.segments[0], filter: null, tags: [] }],
    campaigns: [
      {
        ...whole.campaigns[0],
        tags: ['x'],
        obeys_caps: false,
        variations: [
          { id: 'v-1', channel: 'sms' },
          { id: 'v-2', channel: 'sms' },
        ],
      },
    ],
    frequency_caps: [],
    rate_limits: {},
    api_keys: [{ ...whole.api_keys[0], key: 'another-key-16-characters' }],
  });
  assert.deepEqual(brief(plan), [
    'change email  smtp',
    'change rate_limits  limits',
    `change app ${id(1)} provider`,
    `unchanged app ${id(2)}`,
    `change app ${id(3)} name,provider removed`,
    `change subscription_group ${id(4)} archived`,
    `change segment ${id(5)} tags,filter removed`,
    'change campaign c-1 tags,obeys_caps',
    'change message_variation v-1 channel',
    'create message_variation v-2',
    'change frequency_caps  rules',
    'change api_key  key',
  ]);
  const found = await catalog();
  assert.deepEqual(found?.apps.get(id(1))?.provider?.settings, { ...apns, topic: 'com.acme.two' });
  assert.equal(found?.apps.get(id(3))?.provider, undefined);
  assert.equal(found?.segments.get(id(5))?.filter, null);
  assert.equal(found?.campaigns.get('c-1')?.obeysCaps, false);
  assert.deepEqual(found?.settings.rateLimits, {});
  assert.deepEqual(found?.frequencyCaps, []);
  const keys = await loadCatalog(db, secret);
  assert.equal(keys.apiKey(hashKey(KEY)), undefined);
  assert.equal(keys.apiKey(hashKey('another-key-16-characters'))?.name, 'backend');
});

test('things that are not in the file are left alone and listed; a missing section leaves its settings', async (t) => {
  const { apply, catalog } = await workspace(t);
  await apply(whole);
  assert.deepEqual(brief(await apply({ campaigns: [{ ...whole.campaigns[0], variations: [] }] })), [
    `not in the file app ${id(3)}`,
    `not in the file app ${id(2)}`,
    `not in the file app ${id(1)}`,
    `not in the file subscription_group ${id(4)}`,
    `not in the file segment ${id(5)}`,
    'unchanged campaign c-1',
    'not in the file message_variation v-1',
    'not in the file api_key',
  ]);
  const found = await catalog();
  assert.equal(found?.apps.size, 3);
  assert.equal(found?.settings.email.footer, 'bye');
  assert.equal(found?.frequencyCaps.length, 1);
});

test('names in the footer that render to nothing are told', async (t) => {
  const { db, workspaceId } = await workspace(t);
  const footer = '{{${frist_name}}} {{first_name}}';
  const file = readWorkspaceFile(stringify({ email: { footer } }), { path: 'w.yaml', env: {} }, () => []);
  const checks = { checkReferences: () => [], checkContent: () => [] };
  const { warnings } = await applyWorkspace(db, { workspaceId, file, path: 'w.yaml', secret, ...checks });
  assert.deepEqual(warnings, [
    'email.footer: {{first_name}} renders to nothing; did you mean {{${first_name}}}?',
    'email.footer: {{${frist_name}}} renders to nothing; did you mean {{${first_name}}}?',
  ]);
});

test('one file may swap names, and keys', async (t) => {
  const { apply, catalog, db } = await workspace(t);
  const keys = (one: string, other: string) => [
    { name: one, key: 'first-key-16-characters', permissions: 'all' },
    { name: other, key: 'second-key-16-characters', permissions: 'all' },
  ];
  const apps = (one: string, other: string) => [
    { id: id(1), name: one, platform: 'web' },
    { id: id(2), name: other, platform: 'web' },
  ];
  await apply({ apps: apps('A', 'B'), api_keys: keys('A', 'B') });
  await apply({ apps: apps('B', 'A'), api_keys: keys('B', 'A') });
  assert.equal((await catalog())?.apps.get(id(1))?.name, 'B');
  assert.equal((await loadCatalog(db, secret)).apiKey(hashKey('first-key-16-characters'))?.name, 'B');
});

test('a dry run shows the plan and changes nothing', async (t) => {
  const { apply, db } = await workspace(t);
  const before = await contents(db);
  const plan = await apply(whole, { dryRun: true });
  assert.equal(plan.filter(({ kind }) => kind === 'create').length, 8);
  assert.equal(await contents(db), before);
});

const clashes: [string, object, string[]][] = [
  [
    'the platform of an app',
    { apps: [{ ...whole.apps[1], platform: 'android' }] },
    ['apps[0].platform: cannot change; define a new app with another id'],
  ],
  [
    'the channel of a group',
    { subscription_groups: [{ id: id(4), name: 'Alerts', channel: 'email' }] },
    ['subscription_groups[0].channel: cannot change; define a new subscription_group with another id'],
  ],
  [
    'the name of what is not in the file',
    { segments: [{ id: id(9), name: 'Known', filter: null }] },
    [`segments[0].name: is the name of ${id(5)}, which is not in the file`],
  ],
  [
    'a key that is in use under another name',
    { api_keys: [{ name: 'B', key: KEY, permissions: 'all' }] },
    ['api_keys[0].key: is in use already, under another name'],
  ],
  ['the name of another workspace', { name: 'other' }, ['name: is the name of another workspace']],
  [
    'the id of an app of another workspace',
    { apps: [{ id: id(8), name: 'X', platform: 'web' }] },
    ['apps[0].id: is in use by another workspace'],
  ],
  [
    'the id of a campaign of another workspace',
    { campaigns: [{ id: 'theirs', name: 'X', kind: 'api', variations: [{ id: 'v', channel: 'sms' }] }] },
    ['campaigns[0].id: is in use by another workspace'],
  ],
  [
    'the name of a key made by command',
    { api_keys: [{ name: 'cli', key: 'another-key-16-characters', permissions: 'all' }] },
    [
      'api_keys[0].name: is the name of a key that was not made by a workspace file but by ada. ' +
        'Choose another name, or delete that key: cresset keys delete "cli"',
    ],
  ],
];
for (const [what, file, problems] of clashes) {
  test(`${what} is refused, and nothing is applied`, async (t) => {
    const { db, workspaceId, apply } = await workspace(t);
    await apply(whole);
    const other = await db.one<{ id: number }>(sql`insert into workspaces (name) values ('other') returning id`);
    await db.run(sql`insert into apps (id, workspace_id, name, platform) values (${id(8)}, ${other.id}, 'X', 'web')`);
    await db.run(sql`insert into campaigns (id, workspace_id, name, kind) values ('theirs', ${other.id}, 'X', 'api')`);
    await createKey(db, workspaceId, { name: 'cli', permissions: ['users.track'], allowFrom: [], createdBy: 'ada' });
    const before = await contents(db);
    const work = apply({ webhook: { deliver: false }, ...file });
    await assert.rejects(work, { name: 'WorkspaceFileError', problems });
    assert.equal(await contents(db), before);
  });
}

test('with another secret an apply is refused; with reseal the credentials are stored anew', async (t) => {
  const { apply, catalog } = await workspace(t);
  await apply(whole);
  await assert.rejects(apply(whole, { secret: otherSecret }), {
    name: 'SecretError',
    message:
      /is not the secret that the servers of this database use\. Use theirs\. .* cresset apply --reseal <workspace file> /,
  });
  assert.equal((await catalog())?.apps.size, 3);
  const plan = await apply(whole, { secret: otherSecret, reseal: true });
  assert.deepEqual(
    brief(plan).filter((line) => line.startsWith('change')),
    [
      'change email  smtp',
      `change app ${id(1)} provider`,
      `change app ${id(3)} provider`,
      `change subscription_group ${id(4)} provider`,
    ],
  );
  assert.deepEqual((await catalog(otherSecret))?.apps.get(id(1))?.provider?.settings, apns);
});

test('stored settings that cannot be used are replaced by those of the file, and left alone without one', async (t) => {
  const { apply, catalog, db } = await workspace(t);
  await apply(whole);
  await db.run(sql`update apps set provider = jsonb_set(provider, '{settings,topic}', '7') where id = ${id(1)}`);
  await assert.rejects(catalog(), { name: 'StoredSettingsError', message: /apns\.topic: expected a text/ });
  assert.deepEqual(brief(await apply({ apps: whole.apps.slice(1) }))[0], `unchanged app ${id(2)}`);
  await assert.rejects(catalog(), { name: 'StoredSettingsError' });
  const changes = brief(await apply(whole)).filter((line) => line.startsWith('change'));
  assert.deepEqual(changes, [`change app ${id(1)} provider`]);
  assert.deepEqual((await catalog())?.apps.get(id(1))?.provider, { kind: 'apns', settings: apns });
});

test('the file does not affect keys made by command', async (t) => {
  const { db, workspaceId, apply } = await workspace(t);
  await createKey(db, workspaceId, { name: 'cli', permissions: ['users.track'], allowFrom: [], createdBy: 'ada' });
  assert.deepEqual(await apply({}), []);
  assert.equal((await listKeys(db, workspaceId)).length, 1);
});

test('a plan is printed with a line for each thing, and sums', () => {
  const plan: Plan = [
    { kind: 'create', what: 'app', id: 'a', name: 'Web', changed: [] },
    { kind: 'change', what: 'email', id: null, name: '', changed: ['smtp', 'footer'] },
    { kind: 'unchanged', what: 'segment', id: 's', name: 'All "x"', changed: [] },
    { kind: 'not in the file', what: 'campaign', id: 'c', name: 'Old', changed: [] },
  ];
  assert.equal(
    printPlan(plan),
    [
      '+ app "Web" a',
      '~ email: smtp, footer',
      '= segment "All \\"x\\"" s (unchanged)',
      '? not in the file: campaign "Old"',
      '1 to create, 1 to change, 1 unchanged, 1 not in the file and left alone.',
    ].join('\n'),
  );
});

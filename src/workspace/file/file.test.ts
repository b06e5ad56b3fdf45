import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { type CheckFilter, readWorkspaceFile, WorkspaceFileError } from './file.ts';
import type { Surroundings } from './references.ts';

const ID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const OTHER = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
const KEY = 'a-key-of-16-characters';
const at: Surroundings = { path: '/nowhere/workspace.yaml', env: { BACKEND_KEY: KEY, EMPTY: '' } };
const anyFilter = () => [];

const app = { id: ID, name: 'Acme', platform: 'web' };
const group = { id: ID, name: 'Alerts', channel: 'sms' };
const segment = { id: ID, name: 'All', filter: null };
const campaign = { id: 'c', name: 'Receipts', kind: 'api' };
const cap = { channel: 'push', max_sends: 2, period_count: 1, period_unit: 'days' };
const encode = 'percent-encode user and password: % is %25, @ is %40, : is %3A, / is %2F, # is %23, ? is %3F';
const apiKey = { name: 'backend', key: KEY, permissions: ['messages.send'] };

function problemsOf(source: string, surroundings = at, checkFilter: CheckFilter = anyFilter) {
  try {
    readWorkspaceFile(source, surroundings, checkFilter);
  } catch (error) {
    if (error instanceof WorkspaceFileError) return error.problems;
    throw error;
  }
  return [];
}

test('an empty file is valid and changes nothing', () => {
  assert.deepEqual(readWorkspaceFile('', at, anyFilter), {
    name: null,
    time_zone: null,
    apps: [],
    email: null,
    webhook: null,
    connected_content: null,
    tracking: null,
    audience: null,
    requests: null,
    liquid: null,
    schedules: null,
    users: null,
    tags: null,
    item_catalogs: null,
    media_library: null,
    subscription_groups: [],
    segments: [],
    campaigns: [],
    frequency_caps: null,
    quiet_hours: null,
    events: null,
    event_webhooks: null,
    rate_limits: null,
    api_keys: [],
  });
});

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

test('every section is read, with its defaults', () => {
  const source = `
name: Acme
time_zone: Europe/Vienna
apps:
  - { id: ${ID.toUpperCase()}, name: Acme Web, platform: web }
email: { default_from: "Acme <hello@acme.test>", smtp: { url: "smtp://127.0.0.1:1025" } }
tracking: { opens: true, url: "https://links.acme.test" }
webhook: { deliver: true, allow: [10.0.0.0/8, "::1"] }
connected_content: { allow: ["content.internal:8080"], credentials: [{ name: shop, username: ada, password: s3cret }], user_agent: Acme Sender }
audience: { missing_number_is_zero: false }
requests: { key_in_body: true }
liquid: { escape_html_by_default: true }
schedules: { late_minutes: 30 }
users: { track_batch: combined, blocked_ids: [robot] }
tags: [season]
item_catalogs: { storage_bytes: 5000000000 }
media_library: { storage_bytes: 1000 }
subscription_groups:
  - { id: ${ID}, name: Support, channel: whatsapp, archived: true }
segments:
  - { id: ${ID}, name: Blue eyes, filter: { custom_attribute: { comparison: equals, value: blue } } }
campaigns:
  - { id: Receipts-1, name: Receipts, kind: api, tags: [bills], quiet_hours: { from: "20:00", until: "07:00", channels: [whatsapp] }, variations: [{ id: mail-1, channel: email }] }
frequency_caps:
  - { channel: whatsapp, max_sends: 2, period_count: 4, period_unit: weeks, tag: bills }
quiet_hours: [{ from: "21:00", until: "08:00", channels: [sms, content_card] }]
events: { verdicts: true, consent: false }
event_webhooks: [{ name: warehouse, url: "https://hooks.acme.test", secret: "${WEBHOOK_SECRET}", channels: [email] }]
rate_limits: { default: 500000, "send_broadcast:/messages/send": 1000 }
api_keys:
  - { name: backend, key: "\${env:BACKEND_KEY}", permissions: [messages.send, messages.send], allow_from: ["10.0.0.0/8"] }
`;
  assert.deepEqual(readWorkspaceFile(source, at, anyFilter), {
    name: 'Acme',
    time_zone: 'Europe/Vienna',
    apps: [
      { id: ID, name: 'Acme Web', platform: 'web', apns: null, fcm: null, adm: null, vapid: null, content_cards: null },
    ],
    email: {
      default_from: 'Acme <hello@acme.test>',
      smtp: [{ name: '127.0.0.1:1025', url: 'smtp://127.0.0.1:1025' }],
      list_unsubscribe: false,
      bcc: null,
      footer: null,
      inline_css: null,
      dkim: null,
      attachments: null,
      return_path: null,
      events: null,
    },
    tracking: { opens: true, clicks: false, hidden_link: false, url: 'https://links.acme.test', short_url: null },
    webhook: { deliver: true, allow: ['10.0.0.0/8', '::1'] },
    connected_content: {
      allow: ['content.internal:8080'],
      credentials: [{ name: 'shop', username: 'ada', password: 's3cret' }],
      user_agent: 'Acme Sender',
    },
    audience: { missing_number_is_zero: false },
    requests: { key_in_body: true, strict_content_type: false },
    liquid: { escape_html_by_default: true },
    schedules: { late_minutes: 30 },
    users: { track_batch: 'combined', blocked_ids: ['robot'] },
    tags: ['season'],
    item_catalogs: { storage_bytes: 5_000_000_000 },
    media_library: { storage_bytes: 1_000 },
    subscription_groups: [
      {
        id: ID,
        name: 'Support',
        channel: 'whats_app',
        description: '',
        archived: true,
        countries: null,
        twilio: null,
        whatsapp_cloud: null,
      },
    ],
    segments: [
      {
        id: ID,
        name: 'Blue eyes',
        description: '',
        tags: [],
        analytics_tracking_enabled: false,
        archived: false,
        filter: { custom_attribute: { comparison: 'equals', value: 'blue' } },
      },
    ],
    campaigns: [
      {
        id: 'Receipts-1',
        name: 'Receipts',
        description: '',
        kind: 'api',
        tags: ['bills'],
        archived: false,
        paused: false,
        segment_id: null,
        recipient_subscription_state: null,
        obeys_caps: null,
        counts_toward_caps: false,
        quiet_hours: [{ from: '20:00', until: '07:00', action: 'hold', channels: ['whats_app'] }],
        obeys_quiet_hours: null,
        variations: [{ id: 'mail-1', name: null, channel: 'email', weight: null, message: null }],
        control_share: 0,
        messages: null,
        canvas: null,
      },
    ],
    frequency_caps: [{ channel: 'whats_app', max_sends: 2, period_count: 4, period_unit: 'weeks', tag: 'bills' }],
    quiet_hours: [{ from: '21:00', until: '08:00', action: 'drop', channels: ['sms', 'content_cards'] }],
    events: { verdicts: true, consent: false },
    event_webhooks: [
      { name: 'warehouse', url: 'https://hooks.acme.test', secret: WEBHOOK_SECRET, kinds: [], channels: ['email'] },
    ],
    rate_limits: { default: 500_000, 'send_broadcast:/messages/send': 1_000 },
    api_keys: [{ name: 'backend', key: KEY, permissions: ['messages.send'], allow_from: ['10.0.0.0/8'] }],
  });
});

const bad: [string, object | string, string[]][] = [
  [
    'an event webhook that nobody can use',
    { event_webhooks: [{ name: 'Ware House', url: 'ftp://a.test', secret: 'whsec_c2hvcnQ=' }] },
    [
      'event_webhooks[0].name: expected up to 64 small letters, digits, - and _',
      'event_webhooks[0].url: expected a URL of http or https without a user and a password',
      'event_webhooks[0].secret: expected whsec_ and the base64 of 24 to 64 random bytes',
    ],
  ],
  [
    'two event webhooks of one name',
    { event_webhooks: [1, 2].map(() => ({ name: 'a', url: 'https://a.test', secret: WEBHOOK_SECRET })) },
    ['event_webhooks[1].name: is the same as that of event_webhooks[0]'],
  ],
  ['a file that is a list', '[]', ['the file: expected an object']],
  ['a file that is a word', 'hello', ['the file: expected an object']],
  ['an unknown section', { segmnets: [] }, ['segmnets: there is no such key; did you mean segments?']],
  ['an unknown section near to nothing', { umbrella: [] }, ['umbrella: there is no such key']],
  [
    'an unknown key deep inside',
    { apps: [{ ...app, nme: 'x' }] },
    ['apps[0].nme: there is no such key; did you mean name?'],
  ],
  [
    'the parts of a relay',
    { email: { default_from: 'hello@acme.test', smtp: { url: 'smtp://a.test', host: 'a.test' } } },
    [
      'email.smtp.host: there is no such key; url says it all: smtp://user:password@host:587, or smtps:// with TLS from the start',
    ],
  ],
  ['a sender', { email: { from: 'a@b.test' } }, ['email.from: there is no such key; did you mean default_from?']],
  [
    'other names of a cap',
    {
      frequency_caps: [
        { channel: 'apple_push', max_sends: 1, period_count: 1, period_unit: 'day', max: 3, period: 1, days: 1 },
      ],
    },
    [
      'frequency_caps[0].max: there is no such key; did you mean max_sends?',
      'frequency_caps[0].period: there is no such key; say it with period_count and period_unit',
      'frequency_caps[0].days: there is no such key; say period_count: …, period_unit: days',
      'frequency_caps[0].channel: expected one of push, email, sms, webhook, whats_app, any; did you mean push?',
      'frequency_caps[0].period_unit: expected one of minutes, hours, days, weeks; did you mean days?',
    ],
  ],
  [
    'a channel for the provider of an app',
    { apps: [{ ...app, apple_push: {} }] },
    ['apps[0].apple_push: there is no such key; did you mean apns?'],
  ],
  ['a prototype name', '{ "__proto__": {} }', ['__proto__: there is no such key']],
  ['a prototype name inside', '{ email: { constructor: 1 } }', ['email.constructor: there is no such key']],
  ['a strange key', { 'a b': 1 }, ['["a b"]: there is no such key']],
  [
    'an unknown time zone',
    { time_zone: 'Vienna' },
    ['time_zone: expected the name of a time zone such as Europe/Vienna'],
  ],
  [
    'an offset as time zone',
    { time_zone: '+01:00' },
    ['time_zone: expected the name of a time zone such as Europe/Vienna'],
  ],
  ['a section of another type', { apps: {} }, ['apps: expected a list']],
  ['an entry of another type', { apps: ['x'] }, ['apps[0]: expected an object']],
  [
    'an app without anything',
    { apps: [{}] },
    ['apps[0].id: is required', 'apps[0].name: is required', 'apps[0].platform: is required'],
  ],
  [
    'an id that is no UUID',
    { apps: [{ ...app, id: 'x' }] },
    ['apps[0].id: expected a UUID (8-4-4-4-12 hex digits), as `uuidgen` or `node -p "crypto.randomUUID()"` makes one'],
  ],
  ['a name that is a number', { apps: [{ ...app, name: 7 }] }, ['apps[0].name: expected a text']],
  ['an empty name', { apps: [{ ...app, name: ' ' }] }, ['apps[0].name: expected a text that is not empty']],
  ['a long name', { apps: [{ ...app, name: 'x'.repeat(256) }] }, ['apps[0].name: expected at most 255 characters']],
  ['a name with NUL', '{ name: "a\\0b" }', ['name: holds characters that are no text']],
  ['half a surrogate pair', '{ name: "a\\ud800" }', ['name: holds characters that are no text']],
  [
    'an unknown platform',
    { apps: [{ ...app, platform: 'tv' }] },
    ['apps[0].platform: expected one of ios, android, kindle, web'],
  ],
  [
    'an id twice',
    { apps: [app, { ...app, id: ID.toUpperCase(), name: 'B' }] },
    ['apps[1].id: is the same as that of apps[0]'],
  ],
  [
    'a name twice',
    { segments: [segment, { ...segment, id: OTHER }] },
    ['segments[1].name: is the same as that of segments[0]'],
  ],
  [
    'a group id twice',
    { subscription_groups: [group, { ...group, name: 'B' }] },
    ['subscription_groups[1].id: is the same as that of subscription_groups[0]'],
  ],
  [
    'a bad sender',
    { email: { default_from: 'Acme' } },
    ['email.default_from: expected an address such as "Acme <hello@acme.test>"'],
  ],
  [
    'a sender with a line end',
    { email: { default_from: 'A\r\nBcc: <a@b>' } },
    ['email.default_from: holds characters that are no text'],
  ],
  [
    'BCC addresses of no use',
    { email: { bcc: { addresses: ['a@acme.test', 'A@acme.test', 'x'], default: 'b@acme.test', always: true } } },
    ['email.bcc.always: there is no such key', 'email.bcc.addresses[2]: expected one email address'],
  ],
  [
    'a BCC address twice',
    { email: { bcc: { addresses: ['archive@acme.test', 'Archive@acme.test'] } } },
    ['email.bcc.addresses[1]: this address is there already'],
  ],
  [
    'a default BCC address that is not listed',
    { email: { bcc: { addresses: ['archive@acme.test'], default: 'audit@acme.test' } } },
    ['email.bcc.default: expected one of addresses'],
  ],
  [
    'bad relays in a list',
    { email: { smtp: [{ url: 'smtp://a.test' }, { name: 'two', url: 'http://x' }, { nam: 'x' }] } },
    [
      'email.smtp[1].url: expected a URL such as smtp://user:password@relay.test:587 or smtps://…',
      'email.smtp[2].nam: there is no such key; did you mean name?',
      'email.smtp[2].url: is required',
    ],
  ],
  [
    'two relays with one name',
    { email: { smtp: [{ url: 'smtp://a.test' }, { url: 'smtp://u:p@a.test' }] } },
    ['email.smtp[1].name: another relay has this name already'],
  ],
  ['no relay', { email: { smtp: [] } }, ['email.smtp: expected at least one relay']],
  [
    'a bad SMTP URL',
    { email: { smtp: { url: 'http://x' } } },
    ['email.smtp.url: expected a URL such as smtp://user:password@relay.test:587 or smtps://…'],
  ],
  [
    'URLs that are not percent-encoded',
    {
      apps: [
        { ...app, platform: 'kindle', adm: { client_id: 'a', client_secret: 'b', base_url: 'https://u:p@s@adm.test' } },
      ],
      email: {
        smtp: [{ url: 'smtp://cresset:a%b@a.test' }, { name: 'two', url: 'smtp://cresset:hidden/p@ss@b.test' }],
      },
      tracking: { url: 'https://links.test/100%' },
      event_webhooks: [{ name: 'crm', url: 'https://hooks.test/%zz', secret: `whsec_${'A'.repeat(32)}` }],
    },
    [
      `apps[0].adm.base_url: ${encode}`,
      `email.smtp[0].url: ${encode}`,
      `email.smtp[1].url: ${encode}`,
      'tracking.url: percent-encode: % is %25, unless it begins the code of a character, such as %40',
      'event_webhooks[0].url: percent-encode: % is %25, unless it begins the code of a character, such as %40',
    ],
  ],
  ['a flag as text', { email: { list_unsubscribe: 'yes' } }, ['email.list_unsubscribe: expected true or false']],
  [
    'a bad range',
    { webhook: { allow: ['10.0.0.0/40'] } },
    [
      'webhook.allow[0]: expected a host, address or CIDR subnet, with a port unless that is 80 or 443, such as hooks.internal:8443, 10.0.0.0/8:8080 or [fd00::/8]:8080',
    ],
  ],
  [
    'an unknown channel',
    { subscription_groups: [{ ...group, channel: 'fax' }] },
    ['subscription_groups[0].channel: expected one of email, sms, whats_app'],
  ],
  [
    'too many groups',
    { subscription_groups: Array.from({ length: 451 }, () => group) },
    ['subscription_groups: expected at most 450 entries, got 451'],
  ],
  [
    'a country in words',
    { subscription_groups: [{ ...group, countries: ['AT', 'Austria', 'at', 'XX'] }] },
    [1, 2, 3].map(
      (index) => `subscription_groups[0].countries[${index}]: expected a country as two capital letters, such as AT`,
    ),
  ],
  [
    'no country',
    { subscription_groups: [{ ...group, countries: [] }] },
    ['subscription_groups[0].countries: expected at least one country; leave it out to allow all'],
  ],
  [
    'countries of mails',
    { subscription_groups: [{ ...group, channel: 'email', countries: ['AT'] }] },
    ['subscription_groups[0].countries: does not fit email'],
  ],
  ['a segment without a filter', { segments: [{ id: ID, name: 'x' }] }, ['segments[0].filter: is required']],
  [
    'NUL in a filter',
    `{ segments: [{ id: ${ID}, name: x, filter: { a: ["b\\0"] } }] }`,
    ['segments[0].filter.a[0]: holds characters that are no text'],
  ],
  [
    'infinity in a filter',
    `{ segments: [{ id: ${ID}, name: x, filter: { a: .inf } }] }`,
    ['segments[0].filter.a: expected a finite number'],
  ],
  [
    'a bad kind',
    { campaigns: [{ ...campaign, kind: 'x' }] },
    ['campaigns[0].kind: expected one of api, api_triggered, transactional'],
  ],
  [
    'a bad variation',
    { campaigns: [{ ...campaign, variations: [{ id: 'v', channel: 'apple_push' }] }] },
    [
      'campaigns[0].variations[0].channel: expected one of ios_push, android_push, kindle_push, web_push, email, sms, whats_app, webhook, content_cards; did you mean ios_push?',
    ],
  ],
  [
    'a variation twice',
    {
      campaigns: [
        {
          ...campaign,
          variations: [
            { id: 'v', channel: 'sms' },
            { id: 'v', channel: 'sms' },
          ],
        },
      ],
    },
    ['campaigns[0].variations[1].id: is the same as that of campaigns[0].variations[0]'],
  ],
  [
    'eleven caps',
    { frequency_caps: Array.from({ length: 11 }, () => cap) },
    ['frequency_caps: expected at most 10 entries, got 11'],
  ],
  [
    'a cap of no sends',
    { frequency_caps: [{ ...cap, max_sends: 0 }] },
    ['frequency_caps[0].max_sends: expected an integer from 1 to 1000000'],
  ],
  [
    'half a send',
    { frequency_caps: [{ ...cap, max_sends: 1.5 }] },
    ['frequency_caps[0].max_sends: expected an integer from 1 to 1000000'],
  ],
  [
    'a cap on content cards',
    { frequency_caps: [{ ...cap, channel: 'content_cards' }] },
    ['frequency_caps[0].channel: expected one of push, email, sms, webhook, whats_app, any'],
  ],
  ...(['31 days', '5 weeks', '721 hours'].map((period) => {
    const [count, unit] = period.split(' ');
    const rule = { ...cap, period_count: Number(count), period_unit: unit };
    return [
      `a cap of ${period}`,
      { frequency_caps: [rule] },
      ['frequency_caps[0].period_count: expected at most 30 days in all'],
    ];
  }) as [string, object, string[]][]),
  [
    'a cap of 43201 minutes',
    { frequency_caps: [{ ...cap, period_count: 43_201, period_unit: 'minutes' }] },
    ['frequency_caps[0].period_count: expected an integer from 1 to 43200'],
  ],
  [
    'an unknown bucket',
    { rate_limits: { defualt: 1 } },
    ['rate_limits.defualt: there is no such key; did you mean default?'],
  ],
  ['a bad limit', { rate_limits: { default: -1 } }, ['rate_limits.default: expected an integer from 0 to 1000000000']],
  ['rate limits as a list', { rate_limits: [] }, ['rate_limits: expected an object']],
  [
    'a short key',
    { api_keys: [{ ...apiKey, key: 'short' }] },
    ['api_keys[0].key: expected 16 to 256 visible ASCII characters without quotes'],
  ],
  [
    'a key twice',
    { api_keys: [apiKey, { ...apiKey, name: 'B' }] },
    ['api_keys[1].key: is the same as that of api_keys[0]'],
  ],
  [
    'no permission',
    { api_keys: [{ ...apiKey, permissions: [] }] },
    ['api_keys[0].permissions: expected at least one permission, or all'],
  ],
  [
    'an unset variable',
    { api_keys: [{ ...apiKey, key: '${env:UNSET}' }] },
    ['api_keys[0].key: the environment variable UNSET is not set'],
  ],
  ['an empty variable', { name: 'x${env:EMPTY}' }, ['name: the environment variable EMPTY is not set']],
  ['a prototype name as variable', { name: '${env:toString}' }, ['name: the environment variable toString is not set']],
  ['a file that is not there', { name: '${file:./no}' }, ['name: the file ./no cannot be read (ENOENT)']],
];
for (const [what, value, expected] of bad) {
  test(`${what} is refused`, () => {
    assert.deepEqual(problemsOf(typeof value === 'string' ? value : stringify(value)), expected);
  });
}

test('an unknown permission is refused, and the error lists the known ones', () => {
  const [problem, ...others] = problemsOf(stringify({ api_keys: [{ ...apiKey, permissions: ['moon.land'] }] }));
  assert.match(
    problem ?? '',
    /^api_keys\[0\]\.permissions\[0\]: expected one of messages\.send, .*messages\.schedule\.create, /,
  );
  assert.deepEqual(others, []);
});

test('the word "all" stands for every permission', () => {
  const file = readWorkspaceFile(stringify({ api_keys: [{ ...apiKey, permissions: 'all' }] }), at, anyFilter);
  assert.ok(file.api_keys[0]?.permissions.includes('users.delete'));
});

test('all problems are reported at once, one per line', () => {
  const source = stringify({ nme: 'x', apps: [{ ...app, id: 'y' }], webhook: { deliver: 1 } });
  assert.throws(() => readWorkspaceFile(source, at, anyFilter), {
    name: 'WorkspaceFileError',
    message: [
      '/nowhere/workspace.yaml is not usable:',
      '  - nme: there is no such key; did you mean name?',
      '  - apps[0].id: expected a UUID (8-4-4-4-12 hex digits), as `uuidgen` or `node -p "crypto.randomUUID()"` makes one',
      '  - webhook.deliver: expected true or false',
    ].join('\n'),
  });
});

test('broken YAML is reported with its line numbers', () => {
  assert.match(problemsOf('name: x\nname: y').join(), /^line 2: Map keys must be unique/);
  assert.match(problemsOf('a: [1\nb: }').join('\n'), /^line \d+: /);
  assert.match(problemsOf('name: !!js/function x').join('\n'), /^line 1: Unresolved tag/);
  assert.equal(problemsOf('a: 1\n---\nb: 2').length > 0, true);
});

test('YAML that would exhaust the reader is refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, index) => {
      const before = 'abcdefgh'[index];
      return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`;
    }),
  ].join('\n');
  assert.deepEqual(problemsOf(bomb), ['the YAML is nested too deeply or its aliases are too many']);
  assert.equal(problemsOf('['.repeat(20_000)).length > 0, true);
  const deep = `segments: [{ id: ${ID}, name: x, filter: ${'['.repeat(100)}${']'.repeat(100)} }]`;
  assert.match(problemsOf(deep).join(), /is nested too deeply$/);
});

test("a segment's filter is checked by the given function, unless it is null", () => {
  const seen: [unknown, string][] = [];
  const checkFilter: CheckFilter = (filter, path, problems) => {
    seen.push([filter, path]);
    problems.add('type', `${path}.AND`, 'expected an array');
  };
  const source = stringify({ segments: [segment, { id: OTHER, name: 'Known', filter: { AND: 1 } }] });
  assert.throws(() => readWorkspaceFile(source, at, checkFilter), /segments\[1\]\.filter\.AND: expected an array/);
  assert.deepEqual(seen, [[{ AND: 1 }, 'segments[1].filter']]);
});

function folder(t: TestContext, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'cresset-file-'));
  t.after(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

test('files are read relative to the workspace file, without their last line end', (t) => {
  const path = folder(t, { key: `${KEY}\n` });
  const source = stringify({ api_keys: [{ ...apiKey, key: '${file:./key}' }] });
  const file = readWorkspaceFile(source, { path: join(path, 'w.yaml'), env: {} }, anyFilter);
  assert.equal(file.api_keys[0]?.key, KEY);
});

test('a reference inside a text is replaced, and its value is not searched for references', () => {
  const env = { USER: 'ada', PASSWORD: '$&${env:USER}' };
  const source = stringify({ email: { footer: 'by ${env:USER} {{${first_name}}} ${env:PASSWORD}' } });
  const file = readWorkspaceFile(source, { path: '/w', env }, anyFilter);
  assert.equal(file.email?.footer, 'by ada {{${first_name}}} $&${env:USER}');
});

test('no problem shows the contents of a variable or file', (t) => {
  const path = folder(t, { key: 'top-secret-of-a-file' });
  const env = { A: 'top-secret-of-a-variable' };
  const source = stringify({
    apps: [
      { ...app, id: '${env:A}', platform: 'ios', apns: { team_id: 'T', key_id: 'K', key: '${file:key}', topic: 't' } },
    ],
    email: { smtp: { url: '${env:A}' }, default_from: '${env:A}' },
    frequency_caps: '${env:A}',
  });
  const problems = problemsOf(source, { path: join(path, 'w.yaml'), env });
  assert.equal(problems.length, 5);
  assert.equal(problems.join('\n').includes('top-secret'), false);
});

test('every value is read as a file or throws a WorkspaceFileError', () => {
  const name = fc.constantFrom(
    'apps',
    'email',
    'segments',
    'campaigns',
    'api_keys',
    'rate_limits',
    'id',
    'name',
    'filter',
  );
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(name, fc.string()), tie('node'), { maxKeys: 4, noNullPrototype: false }),
    ),
  }));
  fc.assert(fc.property(value.node, (node) => Array.isArray(problemsOf(JSON.stringify(node)))));
});

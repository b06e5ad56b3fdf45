// The endpoints that set and read the states of people in subscription groups, seen from outside.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { forgetWaitingGroups } from '../src/people/consent/waiting-groups.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const NEWS = '22222222-2222-4222-8222-222222222222';
const OFFERS = '33333333-3333-4333-8333-333333333333';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const CHATS = '66666666-6666-4666-8666-666666666666';
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const OLD = '77777777-7777-4777-8777-777777777777';
const DAY_MS = 86_400_000;
const MAX_IDS = 'The max number of ids per request was exceeded';
const BOTH = 'Either an email address or a phone number should be provided, but not both.';
const [on, off] = ['subscribed', 'unsubscribed'];
const done = { message: 'success' };

async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${NEWS}, name: News, channel: email }
  - { id: ${OFFERS}, name: Offers, channel: email }
  - { id: ${TEXTS}, name: Texts, channel: sms }
  - { id: ${CHATS}, name: Chats, channel: whatsapp }
  - { id: ${OLD}, name: Old, channel: email, archived: true }`);
  return app;
}

async function track(app: TestApp, ...attributes: object[]): Promise<void> {
  const { status, body } = await app.post('/users/track', { attributes });
  assert.deepEqual([status, body], [201, { attributes_processed: attributes.length, message: 'success' }]);
}

async function set(app: TestApp, body: object): Promise<void> {
  const answer = await app.post('/subscription/status/set', body);
  assert.deepEqual([answer.status, answer.body], [201, done], JSON.stringify(body));
}

const change = (subscription_group_id: string, subscription_state: string | undefined, who: object = {}) => ({
  ...{ subscription_group_id, subscription_state },
  ...who,
});

async function setAll(app: TestApp, ...subscription_groups: object[]): Promise<void> {
  const answer = await app.post('/v2/subscription/status/set', { subscription_groups });
  assert.deepEqual([answer.status, answer.body], [201, done], JSON.stringify(subscription_groups));
}

/** The states in a group by external id. */
async function statesOf(app: TestApp, group: string, ...ids: string[]): Promise<string[]> {
  const query = ids.map((id) => `external_id[]=${encodeURIComponent(id)}`).join('&');
  const { status, body } = await app.get(`/subscription/status/get?subscription_group_id=${group}&${query}`);
  assert.deepEqual([status, body.message], [200, 'success'], JSON.stringify(body));
  return ids.map((id) => body.status[id]);
}

test('a state is set by external id, email or phone, for one group or for many', async (t) => {
  const app = await start(t);
  await track(
    app,
    { external_id: 'ada', email: 'Ada@example.test', phone: '+14155550100' },
    { external_id: 'ben', email: 'ben@example.test', phone: '+14155550101' },
    { external_id: 'cleo', email: 'ADA@example.test', phone: '+14155550100' },
    { external_id: '5' },
  );
  let next: string | undefined = off;
  const rows: [
    what: string,
    version: 1 | 2,
    body: (state: string | undefined) => object,
    group: string,
    who: string[],
  ][] = [
    ['one text', 1, (s) => change(NEWS, s, { external_id: 'ben' }), NEWS, ['ben']],
    ['an array', 1, (s) => change(TEXTS, s, { external_id: ['ben', 'ada'] }), TEXTS, ['ada', 'ben']],
    ['an integer', 1, (s) => change(NEWS, s, { external_id: 5 }), NEWS, ['5']],
    ['an unknown id is passed over', 1, (s) => change(NEWS, s, { external_id: ['nobody', 'ben'] }), NEWS, ['ben']],
    ['an id in upper case', 1, (s) => change(NEWS.toUpperCase(), s, { external_id: 'ben' }), NEWS, ['ben']],
    ['an email in any case', 1, (s) => change(OFFERS, s, { email: 'aDa@example.test' }), OFFERS, ['ada', 'cleo']],
    [
      'emails',
      1,
      (s) => change(OFFERS, s, { email: ['ada@example.test', 'ben@example.test'] }),
      OFFERS,
      ['ada', 'ben', 'cleo'],
    ],
    [
      'an email group reaches who shares the address',
      1,
      (s) => change(NEWS, s, { external_id: 'ada' }),
      NEWS,
      ['ada', 'cleo'],
    ],
    ['an SMS group does not', 1, (s) => change(TEXTS, s, { external_id: 'ada' }), TEXTS, ['ada']],
    ['a phone', 1, (s) => change(TEXTS, s, { phone: '+14155550100' }), TEXTS, ['ada', 'cleo']],
    ['ten digits are American', 1, (s) => change(TEXTS, s, { phone: ['(415) 555-0101'] }), TEXTS, ['ben']],
    ['a WhatsApp group', 1, (s) => change(CHATS, s, { phone: '+14155550101' }), CHATS, ['ben']],
    [
      'id and email',
      1,
      (s) => change(NEWS, s, { external_id: ['ben'], email: ['ada@example.test'] }),
      NEWS,
      ['ada', 'ben', 'cleo'],
    ],
    [
      'id and phone',
      1,
      (s) => change(TEXTS, s, { external_id: ['ben'], phone: ['+14155550100'] }),
      TEXTS,
      ['ada', 'ben', 'cleo'],
    ],
    [
      'empty members are absent',
      1,
      (s) => change(NEWS, s, { external_id: 'ben', email: '', phone: [] }),
      NEWS,
      ['ben'],
    ],
    [
      'double opt-in is not done',
      1,
      (s) => change(TEXTS, s, { phone: '+14155550101', use_double_opt_in_logic: true }),
      TEXTS,
      ['ben'],
    ],
    ['unknown members are ignored', 1, (s) => change(NEWS, s, { external_id: 'ben', app: 5 }), NEWS, ['ben']],
    ['v2: ids', 2, (s) => change(NEWS, s, { external_ids: ['ben'] }), NEWS, ['ben']],
    ['v2: a text', 2, (s) => change(NEWS, s, { external_ids: 'ben' }), NEWS, ['ben']],
    ['v2: emails', 2, (s) => change(NEWS, s, { emails: ['ada@example.test'] }), NEWS, ['ada', 'cleo']],
    [
      'v2: phones',
      2,
      (s) => change(TEXTS, s, { phones: ['+14155550100'], use_double_opt_in_logic: false }),
      TEXTS,
      ['ada', 'cleo'],
    ],
    [
      'v2: the singular',
      2,
      (s) => change(NEWS, s, { external_id: 'ben', email: ['ada@example.test'] }),
      NEWS,
      ['ada', 'ben', 'cleo'],
    ],
    ['v2: the singular of a phone', 2, (s) => change(CHATS, s, { phone: '+14155550100' }), CHATS, ['ada', 'cleo']],
    [
      'v2: both spellings',
      2,
      (s) => change(NEWS, s, { external_id: 'ben', external_ids: ['ada'] }),
      NEWS,
      ['ada', 'ben', 'cleo'],
    ],
  ];
  const everybody = ['ada', 'ben', 'cleo', '5'];
  for (const [what, version, body, group, who] of rows) {
    const before = await statesOf(app, group, ...everybody);
    next = next === on ? off : on;
    await (version === 1 ? set(app, body(next)) : setAll(app, body(next)));
    const word: string = next === on ? 'Subscribed' : 'Unsubscribed';
    const expected: unknown[] = everybody.map((id, index) => (who.includes(id) ? word : before[index]));
    assert.deepEqual(await statesOf(app, group, ...everybody), expected, what);
  }
  const log = sql`select record::jsonb as record from activity_log where category = 'double_opt_in_ignored'`;
  assert.deepEqual(await app.db.query(log), [
    { record: { ignored: 'use_double_opt_in_logic', subscription_groups: 1 } },
  ]);

  await setAll(
    app,
    change(NEWS, on, { external_ids: ['ada', 'ben'] }),
    change(TEXTS, off, { external_ids: ['ada', 'ben'] }),
    change(NEWS, off, { emails: ['ben@example.test'] }),
    change(CHATS, on, { phones: ['+14155550100'] }),
  );
  assert.deepEqual(
    [await statesOf(app, NEWS, 'ada', 'ben', 'cleo'), await statesOf(app, TEXTS, 'ada', 'ben')],
    [
      ['Subscribed', 'Unsubscribed', 'Subscribed'],
      ['Unsubscribed', 'Unsubscribed'],
    ],
    'elements apply in order, so that the last one counts',
  );
  const { headers } = await app.post('/subscription/status/set', change(NEWS, on, { external_id: 'ada' }));
  assert.equal(headers.get('x-ratelimit-limit'), '5000');
  const left = Number(headers.get('x-ratelimit-remaining'));
  const second = await app.post('/v2/subscription/status/set', {
    subscription_groups: [change(NEWS, on, { external_ids: ['ada'] })],
  });
  assert.equal(second.headers.get('x-ratelimit-remaining'), String(left - 1), 'both versions share a bucket');
});

const ids = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);

test('a wrong request is refused with the path, and nothing of it is applied', async (t) => {
  const app = await start(t);
  await track(app, { external_id: 'ada', email: 'ada@example.test', phone: '+14155550100' });
  const who = { external_id: 'ada' };
  const noGroup = (path: string, got: string) => ['Invalid subscription group ID', `${path}: ${got}`] as const;
  const bad = (error: string) => ['Bad Request', error] as const;
  const unknown = '99999999-9999-4999-8999-999999999999';
  const id = 'subscription_group_id';
  const none = 'does not name a subscription group of this workspace, got';
  const bodies: [body: object, refusal: readonly [message: string, error?: string]][] = [
    [{ subscription_state: on, ...who }, noGroup(id, `${none} nothing`)],
    [change(unknown, on, who), noGroup(id, `${none} "${unknown}"`)],
    [{ ...change('', on, who), [id]: 5 }, noGroup(id, `${none} 5`)],
    [{ ...change('', on, who), [id]: '\u0000' }, noGroup(id, `${none} "?"`)],
    [change(OLD, on, who), noGroup(id, 'names an archived subscription group')],
    [change(NEWS, on, { email: 'a@example.test', phone: '+14155550100' }), [BOTH]],
    [change(NEWS, on), bad('expected external_id or email, with at least one element')],
    [change(TEXTS, on, { external_id: [] }), bad('expected external_id or phone, with at least one element')],
    [
      change(NEWS, on, { phone: '+14155550100' }),
      bad('phone: expected external_id or email, because the group is for email'),
    ],
    [
      change(TEXTS, on, { email: 'a@example.test' }),
      bad('email: expected external_id or phone, because the group is for sms'),
    ],
    [
      change(CHATS, on, { ...who, email: 'a@example.test' }),
      bad('email: expected external_id or phone, because the group is for whats_app'),
    ],
    [change(NEWS, 'opted_in', who), bad('subscription_state: expected subscribed or unsubscribed')],
    [change(NEWS, undefined, who), bad('subscription_state: expected subscribed or unsubscribed')],
    [change(NEWS, on, { email: ['a@example.test', 'x'] }), bad('email[1]: expected a valid email address')],
    [change(NEWS, on, { email: { a: 1 } }), bad('email: expected a valid email address')],
    [change(TEXTS, on, { phone: ['12'] }), bad('phone[0]: expected a phone number with + and country code')],
    [change(NEWS, on, { external_id: ['a\u0000'] }), bad('external_id[0]: expected Unicode text without NUL')],
    [change(NEWS, on, { external_id: '\ud800' }), bad('external_id: expected Unicode text without NUL')],
    [change(NEWS, on, { external_id: [[]] }), bad('external_id[0]: expected a non-empty text')],
    [change(NEWS, on, { external_id: 'x'.repeat(988) }), bad("'external_id' must be fewer than 988 bytes")],
    [change(NEWS, on, { external_id: ids(51) }), [MAX_IDS, 'external_id: expected at most 50, got 51']],
    [
      change(NEWS, on, { email: ids(51).map((name) => `${name}@example.test`) }),
      [MAX_IDS, 'email: expected at most 50, got 51'],
    ],
    [change(TEXTS, on, { phone: ids(51) }), [MAX_IDS, 'phone: expected at most 50, got 51']],
  ];
  for (const [body, [message, error]] of bodies) {
    const answer = await app.post('/subscription/status/set', body);
    const expected = error === undefined ? { message } : { message, errors: [error] };
    assert.deepEqual([answer.status, answer.body], [400, expected], JSON.stringify(body).slice(0, 200));
  }

  const at = 'subscription_groups[1]';
  const elements: [element: unknown, refusal: readonly [message: string, error: string]][] = [
    [null, bad(`${at}: expected an object`)],
    [change(unknown, on, { external_ids: ['ada'] }), noGroup(`${at}.${id}`, `${none} "${unknown}"`)],
    [change(OLD, on, { external_ids: ['ada'] }), noGroup(`${at}.${id}`, 'names an archived subscription group')],
    [
      change(NEWS, 'on', { external_ids: ['ada'] }),
      bad(`${at}.subscription_state: expected subscribed or unsubscribed`),
    ],
    [change(NEWS, on), bad(`${at}: expected external_ids or emails, with at least one element`)],
    [
      change(NEWS, on, { emails: ['a@example.test'], phones: ['+14155550100'] }),
      [BOTH, `${at}: expected one of the two`],
    ],
    [
      change(TEXTS, on, { emails: ['a@example.test'] }),
      bad(`${at}.emails: expected external_ids or phones, because the group is for sms`),
    ],
    [
      change(TEXTS, on, { phones: ['(415) 555-0100'] }),
      bad(`${at}.phones[0]: expected a phone number in E.164, such as +4366412345678`),
    ],
    [
      change(TEXTS, on, { phones: ['4155550100'] }),
      bad(`${at}.phones[0]: expected a phone number in E.164, such as +4366412345678`),
    ],
    [change(TEXTS, on, { phones: '+12' }), bad(`${at}.phones: expected a phone number with + and country code`)],
    [
      change(NEWS, on, { external_ids: ids(26), emails: ids(25).map((name) => `${name}@example.test`) }),
      [MAX_IDS, `${at}: expected at most 50, got 51`],
    ],
  ];
  for (const [element, [message, error]] of elements) {
    const body = { subscription_groups: [change(NEWS, on, { external_ids: ['ada'] }), element] };
    const answer = await app.post('/v2/subscription/status/set', body);
    assert.deepEqual(
      [answer.status, answer.body],
      [400, { message, errors: [error] }],
      JSON.stringify(element)?.slice(0, 200),
    );
  }
  const good = change(NEWS, on, { external_ids: ['ada'] });
  const lists: [list: unknown, error: string][] = [
    [undefined, 'subscription_groups: expected an array of objects with at least one element'],
    [good, 'subscription_groups: expected an array of objects with at least one element'],
    [[], 'subscription_groups: expected an array of objects with at least one element'],
    [ids(51).map(() => good), 'subscription_groups: expected at most 50 elements, got 51'],
  ];
  for (const [subscription_groups, error] of lists) {
    const { status, body } = await app.post('/v2/subscription/status/set', { subscription_groups });
    assert.deepEqual([status, body], [400, { message: 'Bad Request', errors: [error] }]);
  }
  for (const group of [NEWS, TEXTS])
    assert.deepEqual(await statesOf(app, group, 'ada'), ['Unknown'], 'nothing is applied');

  const get = '/subscription/status/get';
  const queries: [path: string, refusal: readonly [message: string, error?: string]][] = [
    [`${get}?external_id=ada`, noGroup(id, `${none} null`)],
    [`${get}?subscription_group_id=x&external_id=ada`, noGroup(id, `${none} "x"`)],
    [`${get}?subscription_group_id=${OLD}&external_id=ada`, noGroup(id, 'names an archived subscription group')],
    [`${get}?subscription_group_id=${NEWS}`, bad('external_id, email, phone: expected one of them')],
    [`${get}?subscription_group_id=${NEWS}&email=a@example.test&phone=%2B14155550100`, [BOTH]],
    [`${get}?subscription_group_id=${NEWS}&email=x`, bad('email: expected a valid email address')],
    [`${get}?subscription_group_id=${TEXTS}&phone=12`, bad('phone: expected a phone number with + and country code')],
    [`${get}?subscription_group_id=${NEWS}&external_id=%00`, bad('external_id: expected Unicode text without NUL')],
    [
      `${get}?subscription_group_id=${NEWS}&${ids(51)
        .map((one) => `external_id[]=${one}`)
        .join('&')}`,
      [MAX_IDS, 'external_id: expected at most 50, got 51'],
    ],
    [
      `${get}?subscription_group_id=${NEWS}&external_id=ada&limit=5`,
      bad('limit: unknown query parameter; subscription_group_id, external_id[], email[], phone[] are known'),
    ],
    ['/subscription/user/status', bad('external_id, email, phone: expected one of them')],
    ['/subscription/user/status?external_id=', bad('external_id, email, phone: expected one of them')],
    [
      `/subscription/user/status?${ids(51)
        .map((one) => `email[]=${one}@example.test`)
        .join('&')}`,
      [MAX_IDS, 'email: expected at most 50, got 51'],
    ],
    ['/subscription/user/status?external_id=ada&limit=0', bad('limit: expected 1 to 100, got "0"')],
    ['/subscription/user/status?external_id=ada&offset=-1', bad('offset: expected 0 or more')],
    [
      '/subscription/user/status?external_id=ada&offset=1&offset=2',
      bad('offset: is given more than once in the query'),
    ],
    [
      '/subscription/user/status?user_id=ada',
      bad('user_id: unknown query parameter; external_id[], email[], phone[], limit, offset are known'),
    ],
  ];
  for (const [path, [message, error]] of queries) {
    const { status, body } = await app.get(path);
    const expected = error === undefined ? { message } : { message, errors: [error] };
    assert.deepEqual([status, body], [400, expected], path.slice(0, 200));
  }
});

test('states are read by external id, email and phone', async (t) => {
  const app = await start(t);
  await track(
    app,
    { external_id: 'test-user-1', email: 'One+x@example.test', phone: '+431234567' },
    { external_id: 'test-user-2', phone: '+14155550101' },
    { external_id: 'test-user-3', first_name: 'Never' },
    { user_alias: { alias_label: 'l', alias_name: 'a' }, _update_existing_only: false, email: 'one+x@example.test' },
    { external_id: '__proto__' },
  );
  await set(app, change(NEWS, on, { external_id: 'test-user-1' }));
  await set(app, change(NEWS, off, { external_id: ['test-user-2', '__proto__'] }));
  await set(app, change(TEXTS, on, { phone: '+431234567' }));
  await set(app, change(TEXTS, off, { phone: '+14155550101' }));
  const get = async (group: string, query: string) => {
    const { status, body } = await app.get(`/subscription/status/get?subscription_group_id=${group}&${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return JSON.stringify(body);
  };
  const answer = (states: Record<string, string>) => JSON.stringify({ status: states, message: 'success' });
  const three = answer({ 'test-user-1': 'Subscribed', 'test-user-2': 'Unsubscribed', 'test-user-3': 'Unknown' });
  const rows: [group: string, query: string, expected: string][] = [
    [NEWS, 'external_id[]=test-user-1&external_id[]=test-user-2&external_id[]=test-user-3', three],
    [NEWS, 'external_id=test-user-1&external_id=test-user-2&external_id=test-user-3', three],
    [NEWS, 'external_id[0]=test-user-1&external_id[1]=test-user-2&external_id[2]=test-user-3', three],
    [NEWS.toUpperCase(), 'external_id=test-user-1', answer({ 'test-user-1': 'Subscribed' })],
    [NEWS, 'external_id=nobody', answer({ nobody: 'Unknown' })],
    [NEWS, 'external_id=__proto__', '{"status":{"__proto__":"Unsubscribed"},"message":"success"}'],
    [NEWS, 'email=ONE%2Bx@example.test', answer({ 'ONE+x@example.test': 'Subscribed' })],
    [
      NEWS,
      'email[]=one+x@example.test&email[]=nobody@example.test',
      answer({ 'one+x@example.test': 'Subscribed', 'nobody@example.test': 'Unknown' }),
    ],
    [TEXTS, 'phone=%2B431234567', answer({ '+431234567': 'Subscribed' })],
    [TEXTS, 'phone=+431234567', answer({ '+431234567': 'Subscribed' })],
    [
      TEXTS,
      'phone[]=14155550101&phone[]=4155550101',
      answer({ 14155550101: 'Unsubscribed', 4155550101: 'Unsubscribed' }),
    ],
    [CHATS, 'phone=%2B14155550101', answer({ '+14155550101': 'Unknown' })],
  ];
  for (const [group, query, expected] of rows) {
    assert.equal(await get(group, query), expected, query);
  }
  assert.equal(
    await get(NEWS, 'external_id=test-user-2&email=One%2Bx@example.test&phone=%2B431234567'),
    answer({ 'test-user-2': 'Unsubscribed' }),
    'external ids win',
  );

  await track(app, { external_id: 'test-user-1', email_subscribe: off });
  assert.equal(await get(NEWS, 'external_id=test-user-1'), answer({ 'test-user-1': 'Subscribed' }), 'the stored state');
  await track(app, { external_id: 'test-user-1', email_subscribe: on });
  assert.equal(await get(NEWS, 'external_id=test-user-1'), answer({ 'test-user-1': 'Subscribed' }));

  const listed = async (query: string) => {
    const { status, body } = await app.get(`/subscription/user/status?${query}`);
    assert.deepEqual([status, Object.keys(body)], [200, ['users', 'total_count', 'message']], JSON.stringify(body));
    return body;
  };
  const group = (name: string, id: string, channel: string, status: string) => ({ id, name, channel, status });
  const one = {
    ...{ email: 'One+x@example.test', phone: '+431234567', external_id: 'test-user-1' },
    subscription_groups: [group('News', NEWS, 'email', 'Subscribed'), group('Texts', TEXTS, 'sms', 'Subscribed')],
  };
  const two = {
    ...{ email: null, phone: '+14155550101', external_id: 'test-user-2' },
    subscription_groups: [group('News', NEWS, 'email', 'Unsubscribed'), group('Texts', TEXTS, 'sms', 'Unsubscribed')],
  };
  const nothing = { email: null, phone: null, external_id: 'test-user-3', subscription_groups: [] };
  const aliased = {
    ...{ email: 'one+x@example.test', phone: null, external_id: null },
    subscription_groups: [group('News', NEWS, 'email', 'Subscribed')],
  };
  const users: [query: string, users: object[], total: number][] = [
    ['external_id=test-user-1', [one], 1],
    ['external_id[]=test-user-3&external_id[]=test-user-2&external_id[]=nobody', [two, nothing], 2],
    ['email=one%2Bx@example.test', [one, aliased], 2],
    ['email=one+x@example.test&limit=1', [one], 2],
    ['email=one+x@example.test&limit=500&offset=1', [aliased], 2],
    ['email=one+x@example.test&offset=9', [], 2],
    ['phone[]=+431234567&phone[]=4155550101', [one, two], 2],
    ['external_id=test-user-1&email=one%2Bx@example.test&phone=%2B431234567', [one, aliased], 2],
    ['external_id=nobody', [], 0],
  ];
  for (const [query, expected, total] of users) {
    const { users: found, total_count } = await listed(query);
    assert.deepEqual([found, total_count], [expected, total], query);
  }
});

test('a state of an address that nobody has waits 30 days for the first person who gets it', async (t) => {
  const app = await start(t);
  const emails = ['soon', 'late', 'named', 'both', 'gone'].map((name) => `${name}@example.test`);
  const phones = ['+14155550100', '+14155550101', '+14155550102'];
  await set(app, change(NEWS, on, { email: emails }));
  await set(app, change(OFFERS, off, { email: 'soon@example.test' }));
  await set(app, change(TEXTS, on, { phone: phones }));
  await setAll(
    app,
    change(NEWS, off, { emails: ['both@example.test'] }),
    change(CHATS, on, { phones: ['+14155550100'] }),
  );
  await set(app, change(CHATS, on, { phone: '+14155550101', use_double_opt_in_logic: true }));
  assert.deepEqual(
    (await app.get(`/subscription/status/get?subscription_group_id=${NEWS}&email=soon@example.test`)).body.status,
    { 'soon@example.test': 'Unknown' },
    'nobody has the address',
  );

  app.clock.advance(29 * DAY_MS);
  await forgetWaitingGroups(app.db, app.clock.now());
  await track(
    app,
    { external_id: 'soon', email: 'Soon@example.test', phone: '+14155550100' },
    { external_id: 'both', email: 'both@example.test', phone: '+14155550101' },
    { email: 'named@example.test', first_name: 'Named' },
    { phone: '+14155550102', first_name: 'Named' },
    {
      ...{ external_id: 'gone', email: 'gone@example.test' },
      subscription_groups: [change(NEWS, off), change(OFFERS, on)],
    },
  );
  assert.deepEqual(
    [await statesOf(app, NEWS, 'soon', 'both', 'gone'), await statesOf(app, OFFERS, 'soon', 'both', 'gone')],
    [
      ['Subscribed', 'Unsubscribed', 'Unsubscribed'],
      ['Unsubscribed', 'Unknown', 'Subscribed'],
    ],
    'what the request says comes last',
  );
  assert.deepEqual(
    [await statesOf(app, TEXTS, 'soon', 'both'), await statesOf(app, CHATS, 'soon', 'both')],
    [
      ['Subscribed', 'Subscribed'],
      ['Subscribed', 'Unknown'],
    ],
    'with double opt-in nothing is kept',
  );
  const named = await app.get('/subscription/user/status?email=named@example.test&phone=%2B14155550102');
  assert.deepEqual(
    named.body.users.map(({ subscription_groups }: { subscription_groups: { name: string }[] }) =>
      subscription_groups.map(({ name }) => name),
    ),
    [['News'], ['Texts']],
  );
  await track(app, { external_id: 'soon', email: 'else@example.test' });
  await track(app, { external_id: 'second', email: 'soon@example.test' });
  assert.deepEqual(await statesOf(app, NEWS, 'soon', 'second'), ['Subscribed', 'Unknown'], 'it waits for one person');
  await app.post('/users/delete', { external_ids: ['both'] });
  await track(app, { external_id: 'after', email: 'both@example.test', phone: '+14155550101' });
  assert.deepEqual(await statesOf(app, TEXTS, 'after'), ['Unknown'], 'the last owner takes the states along');

  app.clock.advance(2 * DAY_MS);
  await track(app, { external_id: 'late', email: 'late@example.test' });
  assert.deepEqual(await statesOf(app, NEWS, 'late'), ['Unknown']);
  await forgetWaitingGroups(app.db, app.clock.now());
  assert.deepEqual(await app.db.query(sql`select * from waiting_group_states`), []);
});

test('people with one email address have one state in an email group', async (t) => {
  const app = await start(t);
  const email = 'f@example.test';
  await track(app, { external_id: 'u-1', email }, { external_id: 'u-2', email: 'F@example.test' });
  await set(app, change(NEWS, off, { email: [email] }));
  assert.deepEqual(await statesOf(app, NEWS, 'u-1', 'u-2'), ['Unsubscribed', 'Unsubscribed']);
  await track(app, { external_id: 'u-1', subscription_groups: [change(NEWS, on)] });
  assert.deepEqual(await statesOf(app, NEWS, 'u-1', 'u-2'), ['Subscribed', 'Subscribed']);

  await track(app, { external_id: 'u-3', email: 'other@example.test', subscription_groups: [change(NEWS, off)] });
  await track(app, { external_id: 'u-3', email });
  await track(
    app,
    { external_id: 'u-1', subscription_groups: [change(OFFERS, off)] },
    { external_id: 'u-4', email: 'F@example.test' },
    { external_id: 'u-1', email: 'mine@example.test' },
    { external_id: 'u-5', email, phone: '+14155550100' },
  );
  for (const group of [NEWS, OFFERS])
    assert.deepEqual(
      await statesOf(app, group, 'u-2', 'u-3', 'u-4', 'u-5'),
      Array(4).fill(group === NEWS ? 'Subscribed' : 'Unsubscribed'),
      'who gets the address takes over its states',
    );

  await track(app, { external_id: 'u-6' });
  await set(app, change(NEWS, off, { external_id: 'u-6' }));
  const merge_updates = [{ identifier_to_merge: { external_id: 'u-6' }, identifier_to_keep: { external_id: 'u-7' } }];
  await track(app, { external_id: 'u-7', first_name: 'Seven' });
  assert.equal((await app.post('/users/merge', { merge_updates })).status, 202);
  assert.deepEqual(await statesOf(app, NEWS, 'u-6', 'u-7'), ['Unknown', 'Unsubscribed'], 'a merge keeps the state');
});

test('a state that changes in the middle of a broadcast applies to everybody not yet processed', async (t) => {
  const people = 600;
  const sink = await startWebhookSink(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`
subscription_groups: [{ id: ${TEXTS}, name: Texts, channel: sms }]
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
webhook: { deliver: true, allow: ["${sink.host}"] }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: people });
  await app.db.run(sql`update profiles set phone = '+1415555' || 1000 + substr(external_id, 2)::integer`);
  await app.db.run(sql`
    insert into subscription_states (bucket, user_id, group_id, state)
    select bucket, user_id, ${TEXTS}, 'subscribed' from profiles`);
  const release = sink.holdAfter(50);
  const { status, body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY },
    messages: {
      webhook: { url: sink.url, request_method: 'POST' },
      sms: { app_id: APP, subscription_group_id: TEXTS, body: 'b' },
    },
  });
  assert.equal(status, 201, JSON.stringify(body));
  const path = `/dispatches/${body.dispatch_id}`;
  await sink.until(() => sink.total() >= 50);
  await app.post(`${path}/pause`, {});
  release();
  await app.drain();
  const before = (await app.get(path)).body.channels.sms.sent;
  assert.ok(before > 0 && before < people, `${before} were sent before the change`);

  const numbers = Array.from({ length: people }, (_, index) => index + 1);
  const elements = numbers.flatMap((n, index) =>
    index % 50 === 0
      ? [change(TEXTS, off, { external_ids: numbers.slice(index, n + 49).map((each) => `p${each}`) })]
      : [],
  );
  await setAll(app, ...elements);
  await app.post(`${path}/resume`, {});
  await app.drain();
  const { state, channels } = (await app.get(path)).body;
  assert.deepEqual(
    [state, channels.sms.sent, channels.sms.not_in_subscription_group, channels.webhook.sent],
    ['finished', before, people - before, people],
  );
});

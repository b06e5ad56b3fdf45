// The endpoints that set and read the states of people in subscription groups, seen from outside.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import {
  CHATS,
  change,
  NEWS,
  OFFERS,
  off,
  on,
  set,
  setAll,
  start,
  statesOf,
  TEXTS,
  track,
} from './support/subscriptions.ts';

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

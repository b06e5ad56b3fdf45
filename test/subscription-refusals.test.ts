// What the endpoints of subscription groups refuse.
import assert from 'node:assert/strict';
import test from 'node:test';
import { CHATS, change, NEWS, OLD, on, start, statesOf, TEXTS, track } from './support/subscriptions.ts';

const MAX_IDS = 'The max number of ids per request was exceeded';
const BOTH = 'Either an email address or a phone number should be provided, but not both.';

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

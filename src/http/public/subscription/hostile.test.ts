import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Body, emailGroup, smsGroup, startWorld } from '../../../../test/support/people.ts';
import { RequestError } from '../../../errors.ts';

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    '\u0000',
    '\ud800',
    'x'.repeat(3_000),
    '__proto__',
    1e308,
    2 ** 53,
    -0,
    5,
    true,
    null,
    '',
    {},
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.jsonValue({ maxDepth: 3 }),
);
const usually = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: odd }) as fc.Arbitrary<unknown>;
const listOf = (...ids: string[]) => {
  const id = usually(fc.constantFrom(...ids));
  return fc.oneof(id, fc.array(id, { maxLength: 4 }));
};
const emails = listOf('a@example.test', 'B@Example.test', 'ä@exämple.test');
const phones = listOf('+14155550100', '4155550100', '+431234567');
const people = listOf('ada', 'ben', '5');
const change = (members: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(
    {
      subscription_group_id: usually(fc.constantFrom(emailGroup, smsGroup, emailGroup.toUpperCase())),
      subscription_state: usually(fc.constantFrom('subscribed', 'unsubscribed')),
      use_double_opt_in_logic: usually(fc.boolean()),
      ...members,
    },
    { requiredKeys: ['subscription_group_id', 'subscription_state'] },
  );
const element = change({ external_ids: people, emails, phones, external_id: people });

const bodies: Record<string, fc.Arbitrary<Body>> = {
  '/subscription/status/set': change({ external_id: people, email: emails, phone: phones }),
  '/v2/subscription/status/set': fc.record({
    subscription_groups: usually(fc.array(usually(element), { minLength: 1, maxLength: 2 })),
  }),
};
const queryText = fc.oneof(
  fc.constantFrom(
    'ada',
    'a@example.test',
    'a b@example.test',
    ' 431234567',
    '14155550100',
    '\u0000',
    '\ud800',
    '100',
    '-1',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const parameter = fc.constantFrom('external_id', 'external_id[]', 'email[3]', 'phone', 'limit', 'offset');
const query = fc.array(fc.tuple(parameter, queryText), { minLength: 1, maxLength: 2 });

test('whatever the body or the query, the subscription endpoints answer or throw a RequestError', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'a@example.test', phone: '+431234567' });
  const answered: Record<string, number> = {};
  const call = async (path: string, body: Body, asked = new URLSearchParams()) => {
    try {
      const answer = await world.post(path, body, asked);
      assert.equal(JSON.stringify(answer.body).isWellFormed(), true);
      answered[path] = (answered[path] ?? 0) + 1;
    } catch (error) {
      assert.ok(error instanceof RequestError, String(error instanceof Error ? error.stack : error));
      assert.notEqual(error.code, 'unavailable');
    }
  };
  for (const [path, body] of Object.entries(bodies))
    await fc.assert(
      fc.asyncProperty(body, (given) => call(path, given)),
      { numRuns: 150 },
    );
  for (const [path, known] of [
    ['/subscription/status/get', [['subscription_group_id', emailGroup]]],
    ['/subscription/user/status', []],
  ] as const)
    await fc.assert(
      fc.asyncProperty(query, (pairs) =>
        call(path, {}, new URLSearchParams([...known.map(([...pair]) => pair), ...pairs])),
      ),
      { numRuns: 150 },
    );
  assert.equal(Object.keys(answered).length, 4);
  assert.ok(
    Object.values(answered).every((count) => count > 0),
    `the generators are too wild: ${JSON.stringify(answered)}`,
  );
});

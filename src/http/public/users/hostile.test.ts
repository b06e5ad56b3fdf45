import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { appId, type Body, startWorld } from '../../../../test/support/people.ts';
import { RequestError } from '../../../errors.ts';

const anyKey = fc.oneof(
  fc.constantFrom(
    ...[
      'external_id',
      'user_alias',
      'alias_name',
      'alias_label',
      'braze_id',
      'email',
      'phone',
      'push_tokens',
      'app_id',
    ],
    ...['token', 'subscription_groups', '_update_existing_only', '_merge_objects', 'push_token_import', 'name', 'time'],
    ...['properties', 'product_id', 'price', 'currency', 'quantity', 'dob', 'gender', 'country', 'current_location'],
    ...[
      'inc',
      'add',
      'remove',
      '$time',
      '__proto__',
      'email_subscribe',
      'time_zone',
      'facebook',
      'marked_email_as_spam_at',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const anyScalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    'a@example.test',
    '+15125550100',
    '5125550100',
    '2026-01-31',
    '0000-01-01',
    'EUR',
    'M',
    'unsubscribed',
    appId,
    '\u0000',
    '\ud83d',
    'x'.repeat(3_000),
  ),
  fc.double(),
  fc.integer({ min: -2, max: 3 }),
  fc.constantFrom(1e308, -0, 2 ** 53, Number.POSITIVE_INFINITY),
  fc.boolean(),
  fc.constant(null),
);
const anyJson = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyScalar,
    tie('object'),
    fc.array(tie('value'), { maxLength: 4 }),
  ),
  object: fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
}));
const anyObject = fc
  .tuple(
    fc.constantFrom<Body>(
      {},
      { external_id: 'a' },
      { external_id: 'b' },
      { user_alias: { alias_name: 'n', alias_label: 'l' } },
      { email: 'a@example.test' },
      { phone: '+15125550100' },
      { push_token_import: true, push_tokens: [{ app_id: appId, token: 't' }] },
    ),
    anyJson.object,
    fc.constantFrom<Body>(
      {},
      { name: 'e', time: '2026-01-01' },
      { product_id: 'p', currency: 'EUR', price: 1, time: '2026-01-01' },
    ),
  )
  .map(([identity, object, activity]) => ({ ...identity, ...(object as Body), ...activity }));
/** Makes mostly good objects, so that many reach the database. */
const likelyObject = fc
  .tuple(anyObject, anyKey, anyJson.value, fc.boolean())
  .map(([object, key, value, merges]): Body => {
    const { external_id, user_alias, email, phone, name, time, product_id, currency, price } = object;
    const known = { external_id, user_alias, email, phone, name, time, product_id, currency, price };
    return {
      ...known,
      [`x${key}`]: value,
      properties: { x: value },
      _merge_objects: merges,
      _update_existing_only: false,
    };
  });
const list = fc.oneof(
  { weight: 9, arbitrary: fc.array(fc.oneof(likelyObject, anyObject), { maxLength: 5 }) },
  { weight: 1, arbitrary: anyJson.value },
);
const ids = fc.oneof(
  { weight: 9, arbitrary: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { maxLength: 3 }) },
  { weight: 1, arbitrary: anyJson.value },
);
const alias = fc.record(
  { alias_name: anyScalar, alias_label: anyScalar, external_id: anyScalar },
  { requiredKeys: ['alias_name', 'alias_label'] },
);
const goodAlias = fc.record({
  alias_name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
  alias_label: fc.constant('l'),
});
const aliases = fc.array(fc.oneof({ weight: 9, arbitrary: goodAlias }, { weight: 1, arbitrary: alias }), {
  maxLength: 4,
});
const addresses = fc.constantFrom<unknown>(undefined, ['a@example.test'], '\ud800@example.test', [
  { email: 'a@example.test', phone: '+15125550100', prioritization: ['identified', 'most_recently_updated'] },
]);

const bodies: Record<string, fc.Arbitrary<Body>> = {
  '/users/track': fc.record({ attributes: list, events: list, purchases: list }, { requiredKeys: [] }),
  '/users/alias/new': fc.record({ user_aliases: fc.oneof(aliases, list) }),
  '/users/export/ids': fc.record(
    {
      external_ids: ids,
      user_aliases: aliases,
      braze_id: fc.oneof(fc.string(), anyScalar),
      email_address: fc.oneof(fc.string(), anyScalar),
      fields_to_export: fc.constantFrom<unknown>(undefined, ['email', 'custom_attributes'], 'purchases', [5]),
    },
    { requiredKeys: [] },
  ),
  '/users/delete': fc.record(
    { external_ids: ids, user_aliases: aliases, braze_ids: ids, email_addresses: addresses, phone_numbers: addresses },
    { requiredKeys: [] },
  ),
};

for (const [path, body] of Object.entries(bodies)) {
  test(`whatever the body, ${path} answers or throws a RequestError`, async (t) => {
    const world = await startWorld(t);
    let answered = 0;
    const handle = async (given: Body) => {
      try {
        const answer = await world.post(path, given);
        assert.ok(answer.status === 201 || (answer.status === 400 && path === '/users/track'));
        assert.equal(JSON.stringify(answer.body).isWellFormed(), true);
        if (answer.status === 201) answered += 1;
      } catch (error) {
        assert.ok(error instanceof RequestError, String(error instanceof Error ? error.stack : error));
        assert.notEqual(error.code, 'unavailable');
      }
    };
    await fc.assert(fc.asyncProperty(body, handle), { numRuns: 200 });
    assert.ok(answered >= 10, `only ${answered} bodies were good: the generator is too wild`);
  });
}

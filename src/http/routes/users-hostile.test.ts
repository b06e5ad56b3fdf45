import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { appId, type Body, startWorld } from '../../../test/support/people.ts';
import { RequestError } from '../../errors.ts';

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
const list = fc.oneof(fc.array(anyObject, { maxLength: 5 }), anyJson.value);

test('whatever the body, the answer is an answer or a RequestError', async (t) => {
  const world = await startWorld(t);
  const paths = fc.constantFrom(
    '/users/track',
    '/users/track',
    '/users/track',
    '/users/alias/new',
    '/users/export/ids',
    '/users/delete',
  );
  const bodies = fc.record(
    {
      attributes: list,
      events: list,
      purchases: list,
      user_aliases: list,
      external_ids: anyJson.value,
      braze_ids: anyJson.value,
      braze_id: anyJson.value,
      email_addresses: list,
      phone_numbers: list,
      email_address: anyJson.value,
      phone: anyScalar,
      device_id: anyScalar,
      fields_to_export: anyJson.value,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(paths, bodies, async (path, body) => {
      try {
        const answer = await world.post(path, body);
        assert.ok(answer.status === 201 || (answer.status === 400 && path === '/users/track'));
        assert.equal(JSON.stringify(answer.body).isWellFormed(), true);
      } catch (error) {
        assert.ok(error instanceof RequestError, String(error instanceof Error ? error.stack : error));
        assert.notEqual(error.code, 'unavailable');
      }
    }),
    { numRuns: 400 },
  );
});

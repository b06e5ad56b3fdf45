// Custom attributes that a workspace blocks, and external ids of which nothing is taken.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

const HOME = '11111111-1111-4111-8111-111111111111';

test('a blocked attribute is not stored, shown, matched or printed, until it is taken off the list', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
segments:
  - id: ${HOME}
    name: In Graz
    filter: { nested_custom_attribute: { custom_attribute_name: home, path: city, comparison: equals, value: Graz } }`);
  const track = (object: object) => app.post('/users/track', { attributes: [{ external_id: 'ada', ...object }] });
  const block = async (custom_attribute_names: unknown, blocklisted: unknown) => {
    const { status, body } = await app.post('/custom_attributes/blocklist', { custom_attribute_names, blocklisted });
    return [status, body.message, ...(body.errors ?? [])];
  };
  const exported = async () => {
    const { body } = await app.post('/users/export/ids', {
      external_ids: ['ada'],
      fields_to_export: ['custom_attributes'],
    });
    return body.users[0].custom_attributes;
  };
  const filter = (value: string) => ({
    audience: { custom_attribute: { custom_attribute_name: 'shoe', comparison: 'equals', value } },
  });
  const inGraz = { segment_id: HOME };
  const found = async (question: object) => {
    const preview = await app.post('/audience/preview', question);
    const explain = await app.post('/audience/explain', { ...question, external_id: 'ada' });
    assert.deepEqual([preview.status, explain.status], [201, 201], JSON.stringify([preview.body, explain.body]));
    return [preview.body.count, explain.body.targeted];
  };
  const printed = async () => {
    const webhook = {
      url: 'https://acme.test/x',
      request_method: 'POST',
      body: '[{{custom_attribute.${shoe}}}|{{custom_attribute.${plan}}}]',
    };
    app.clock.advance(1_000);
    assert.equal((await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } })).status, 201);
    await app.drain();
    const { body } = await app.get('/sandbox/messages?external_id=ada');
    return body.messages[0].message.body;
  };

  assert.equal((await track({ shoe: '44', plan: 'gold', home: { city: 'Graz' } })).status, 201);
  assert.deepEqual(
    [await found(filter('44')), await found(inGraz)],
    [
      [1, true],
      [1, true],
    ],
  );
  assert.deepEqual(await block(['shoe', ' home '], true), [201, 'success']);
  assert.deepEqual((await track({ shoe: '45', ' home ': { city: 'Wien' }, plan: 'silver' })).body, {
    attributes_processed: 1,
    message: 'success',
    cresset: {
      warnings: [
        'attributes[0].shoe: is on the blocklist of custom attributes, and is not stored',
        'attributes[0].home: is on the blocklist of custom attributes, and is not stored',
      ],
    },
  });
  assert.deepEqual(await exported(), { plan: 'silver' });
  assert.deepEqual(
    (await app.post('/users/track/sync', { attributes: { external_id: 'ada', shoe: '46', plan: 'tin' } })).body.users,
    [{ external_id: 'ada', custom_attributes: { plan: 'tin' } }],
  );
  assert.deepEqual(
    [await found(filter('44')), await found(inGraz)],
    [
      [0, false],
      [0, false],
    ],
  );
  const isBlank = { audience: { custom_attribute: { custom_attribute_name: 'shoe', comparison: 'does_not_exist' } } };
  assert.deepEqual(await found(isBlank), [1, true], 'nobody has a blocked attribute');
  assert.equal(await printed(), '[|tin]');
  const { body } = await app.get('/custom_attributes');
  assert.deepEqual(
    body.attributes.map(({ name, status }: Record<string, string>) => `${name} ${status}`),
    ['home Blocklisted', 'plan Active', 'shoe Blocklisted'],
  );
  assert.deepEqual(await block('shoe', false), [201, 'success']);
  assert.deepEqual(await exported(), { plan: 'tin', shoe: '44' }, 'what was stored before shows again');
  assert.deepEqual(await found(filter('44')), [1, true]);
  assert.equal(await printed(), '[44|tin]');

  const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
  const wrong: [names: unknown, blocked: unknown, error: string][] = [
    [undefined, true, 'custom_attribute_names: expected an array of 1 to 100 names'],
    [[], true, 'custom_attribute_names: expected an array of 1 to 100 names'],
    [[...names, 'one more'], true, 'custom_attribute_names: expected an array of 1 to 100 names'],
    [['shoe', {}], true, 'custom_attribute_names[1]: '],
    [['\u0000'], true, 'custom_attribute_names[0]: '],
    [['shoe'], 'perhaps', 'blocklisted: expected a boolean'],
    [['shoe'], undefined, 'blocklisted: expected a boolean'],
  ];
  for (const [given, blocked, error] of wrong) {
    const [status, message, said] = await block(given, blocked);
    assert.deepEqual([status, message, String(said).startsWith(error)], [400, 'Bad Request', true], String(said));
  }
  await app.db.run(sql`
    insert into blocked_attributes (workspace_id, name) select ${app.workspaceId}, 'x' || n from generate_series(1, 998) n`);
  assert.deepEqual(await block(['one', 'home'], true), [201, 'success']);
  const [status, , said] = await block(['two'], true);
  assert.deepEqual(
    [status, said],
    [400, 'custom_attribute_names: expected at most 1000 names on the blocklist, with those that are on it'],
  );
  const key = await app.givenKey({ permissions: ['custom_attributes.get'] });
  assert.equal((await app.post('/custom_attributes/blocklist', {}, { key })).status, 403);
});

test('nothing is taken of an external id that the operator blocks, by any of the three arrays', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace('users: { blocked_ids: [robot] }');
  const robot = { external_id: 'robot', time: '2026-03-15' };
  const all = [
    { ...robot, x: 1 },
    { external_id: 'ada', x: 1 },
  ];
  const { status, body } = await app.post('/users/track', {
    attributes: all,
    events: [{ ...robot, name: 'e' }],
    purchases: [{ ...robot, product_id: 'p', currency: 'EUR', price: 1 }],
  });
  const type = 'provided external_id is blacklisted and disallowed';
  assert.deepEqual(
    [status, body],
    [
      201,
      {
        attributes_processed: 1,
        message: 'success',
        errors: ['attributes', 'events', 'purchases'].map((input_array) => ({ type, input_array, index: 0 })),
      },
    ],
  );
  const alone = await app.post('/users/track', { attributes: [{ ...robot, x: 1 }] });
  assert.deepEqual([alone.status, alone.body.errors], [400, [{ type, input_array: 'attributes', index: 0 }]]);
  const people = await app.db.query(sql`select external_id from profiles`);
  assert.deepEqual(people, [{ external_id: 'ada' }]);
  await app.givenWorkspace('users: {}');
  assert.equal((await app.post('/users/track', { attributes: all })).body.attributes_processed, 2);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { newAlias, refused, startWorld, type World } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

async function aliasesOf(world: World, externalId: string): Promise<unknown> {
  return (await world.export(externalId)).user_aliases;
}

test('a new alias is added to a known person, makes an anonymous person, or is skipped', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada' }, { external_id: 'ben' });
  const user_aliases = [
    newAlias('a1', 'crm', 'ada'), // added
    newAlias('a2', 'crm', 'ada'), // ada has an alias of this label
    newAlias('a1', 'crm', 'ben'), // belongs to ada
    newAlias('b1', 'crm', 'nobody'), // unknown external id
    newAlias('anna', 'guest'), // a new anonymous person
    newAlias('anna', 'guest'), // exists by now
    { external_id: 'ben', user_alias: newAlias('x', 'nested') }, // added: a client nests the pair so
    { external_id: 'ada', user_alias: { alias_name: 'x' } }, // no label: counted, but ignored
    'nonsense',
    newAlias('nul\u0000', 'crm', 'ben'),
  ];
  assert.deepEqual(await world.post('/users/alias/new', { user_aliases }), {
    status: 201,
    body: { aliases_processed: 10, message: 'success' },
  });
  assert.deepEqual(await aliasesOf(world, 'ada'), [{ alias_name: 'a1', alias_label: 'crm' }]);
  assert.deepEqual(await aliasesOf(world, 'ben'), [{ alias_name: 'x', alias_label: 'nested' }]);
  await world.post('/users/alias/new', {
    user_aliases: [
      newAlias('b2', 'crm', 'ben'),
      newAlias('a2', 'crm', 'ada'),
      newAlias('a3', 'shop', 'ada'),
      newAlias('anna', 'guest', 'ada'),
    ],
  });
  assert.deepEqual(await aliasesOf(world, 'ben'), [
    { alias_name: 'b2', alias_label: 'crm' },
    { alias_name: 'x', alias_label: 'nested' },
  ]);
  assert.deepEqual(await aliasesOf(world, 'ada'), [
    { alias_name: 'a1', alias_label: 'crm' },
    { alias_name: 'a3', alias_label: 'shop' },
  ]);
  assert.equal(await world.count(), 3);
  await world.given({ user_alias: { alias_name: 'anna', alias_label: 'guest' }, first_name: 'Anna' });
  assert.deepEqual(await world.db.query(sql`select first_name from profiles where external_id is null`), [
    { first_name: 'Anna' },
  ]);
});

test('at most 50 aliases in one request', async (t) => {
  const world = await startWorld(t);
  const user_aliases = Array.from({ length: 51 }, (_, n) => newAlias(`a${n}`, 'l'));
  await refused(
    world,
    '/users/alias/new',
    { user_aliases },
    'too_many_ids',
    'user_aliases: expected at most 50 objects, got 51',
  );
  await refused(world, '/users/alias/new', {}, 'bad_request', 'user_aliases: expected an array of objects');
  const answer = await world.post('/users/alias/new', { user_aliases: user_aliases.slice(1) });
  assert.deepEqual(answer.body, { aliases_processed: 50, message: 'success' });
  assert.equal(await world.count(), 50);
});

test('two requests at once give one person one alias per label', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada' });
  const requests = Array.from({ length: 10 }, (_, n) =>
    world.post('/users/alias/new', { user_aliases: [newAlias(`a${n}`, 'crm', 'ada'), newAlias('anna', 'guest')] }),
  );
  await Promise.all(requests);
  assert.equal(((await aliasesOf(world, 'ada')) as unknown[]).length, 1);
  assert.equal(await world.count(), 2);
});

test('a label or name of more than 236 bytes names nobody, wherever it stands', async (t) => {
  const world = await startWorld(t);
  const [longest, tooLong] = ['é'.repeat(118), `${'é'.repeat(118)}x`];
  await world.given({ external_id: 'ada' });
  const user_aliases = [
    newAlias(tooLong, 'crm', 'ada'),
    newAlias('a', tooLong, 'ada'),
    newAlias(longest, longest, 'ada'),
  ];
  const { body } = await world.post('/users/alias/new', { user_aliases });
  assert.deepEqual(body, { aliases_processed: 3, message: 'success' });
  assert.deepEqual(await aliasesOf(world, 'ada'), [{ alias_name: longest, alias_label: longest }]);
  await world.given({ user_alias: newAlias(longest, longest), first_name: 'Ada' });
  for (const member of ['alias_name', 'alias_label']) {
    const alias = { ...newAlias('a', 'l'), [member]: tooLong };
    const problem = `${member}: expected at most 236 bytes`;
    const creating = { user_alias: alias, _update_existing_only: false };
    assert.equal(await world.problem(creating), `user_alias.${problem}`);
    await refused(world, '/users/delete', { user_aliases: [alias] }, 'bad_request', `user_aliases[0].${problem}`);
    await refused(world, '/users/export/ids', { user_aliases: [alias] }, 'bad_request', `user_aliases[0].${problem}`);
  }
  assert.equal(await world.count(), 1);
});

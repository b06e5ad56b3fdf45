import assert from 'node:assert/strict';
import test from 'node:test';
import { appId, type Body, newAlias, refused, start, startWorld } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

test('an export finds people by every kind of identifier and lists those that name nobody', async (t) => {
  const world = await startWorld(t);
  const push_tokens = [{ app_id: appId, token: 't', device_id: 'device-1' }];
  await world.given(
    { external_id: 'ada', email: 'x@example.test', push_tokens },
    { external_id: 'ben', email: 'X@example.test', phone: '+15125550100' },
  );
  await world.post('/users/alias/new', { user_aliases: [newAlias('a', 'l', 'ada')] });
  const found = async (body: Body) => {
    const answer = await world.post('/users/export/ids', { ...body, fields_to_export: ['external_id'] });
    assert.equal(answer.status, 201);
    return answer.body;
  };
  const ada = { external_id: 'ada', user_aliases: [{ alias_name: 'a', alias_label: 'l' }] };
  const success = { message: 'success' };
  assert.deepEqual(
    await world.post('/users/export/ids', { external_ids: 'ada', fields_to_export: ['user_aliases', 'external_id'] }),
    {
      status: 201,
      body: { users: [ada], ...success },
    },
  );
  const { braze_id } = await world.export('ada');
  const onlyAda = { users: [{ external_id: 'ada' }], ...success };
  assert.deepEqual(await found({ user_aliases: [{ alias_name: 'a', alias_label: 'l' }] }), onlyAda);
  assert.deepEqual(await found({ braze_id }), onlyAda);
  assert.deepEqual(await found({ device_id: 'device-1' }), onlyAda);
  assert.deepEqual(await found({ external_ids: ['ada', 'ada'], braze_id }), onlyAda);
  const both = { users: [{ external_id: 'ada' }, { external_id: 'ben' }], ...success };
  assert.deepEqual(await found({ email_address: 'X@EXAMPLE.test' }), both);
  assert.deepEqual(await found({ phone: '5125550100' }), { users: [{ external_id: 'ben' }], ...success });
  assert.deepEqual(
    await found({
      external_ids: ['zoe'],
      user_aliases: [{ alias_name: 'z', alias_label: 'l' }],
      braze_id: 'x',
      phone: 'x',
    }),
    {
      users: [],
      invalid_user_ids: ['zoe', 'z', 'x', 'x'],
      ...success,
    },
  );
});

test('an export leaves out fields that are empty or not asked for', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', first_name: 'Ada', list: ['banana', 'apple'] });
  const fields_to_export = ['custom_attributes', 'last_name', 'push_tokens', 'apps', 'created_at'];
  const answer = await world.post('/users/export/ids', { external_ids: ['ada'], fields_to_export });
  assert.deepEqual(answer.body, {
    users: [{ created_at: start.toISOString(), custom_attributes: { list: ['banana', 'apple'] } }],
    message: 'success',
  });
});

test('an export ignores names of fields that it does not know, whatever they are', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', first_name: 'Ada' });
  const fields_to_export = ['shoe_size', 'first_name', 7, null, '__proto__', 'First_Name', 'created_from'];
  const answer = await world.post('/users/export/ids', { external_ids: ['ada'], fields_to_export });
  assert.deepEqual(answer.body, { users: [{ first_name: 'Ada' }], message: 'success' });
  const nothing = await world.post('/users/export/ids', { external_ids: ['ada'], fields_to_export: ['shoe_size'] });
  assert.deepEqual(nothing.body, { users: [{}], message: 'success' });
});

test('an export says when a person opted in to push', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', push_subscribe: 'opted_in' }, { external_id: 'ben' });
  const { push_subscribe, push_opted_in_at } = await world.export('ada');
  assert.deepEqual([push_subscribe, push_opted_in_at], ['opted_in', start.toISOString()]);
  assert.equal((await world.export('ben')).push_opted_in_at, undefined);
  await world.given({ external_id: 'ada', push_subscribe: 'unsubscribed' });
  assert.equal((await world.export('ada')).push_opted_in_at, undefined);
});

test('an export names the campaigns whose messages a person received', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada' });
  const id = '01890000-0000-7000-8000-000000000001';
  await world.db.run(sql`
    insert into dispatches (id, workspace_id, accepted_at, lane, state, request, campaign_id, open_tasks)
    values (${id}, ${world.workspaceId}, ${start}, 0, 'finished', '{}', 'receipts', 0)`);
  await world.db.run(sql`
    insert into sends (bucket, dispatch_id, user_id, channel, status, updated_at)
    select bucket, ${id}, user_id, channel, status::send_status, ${start}
      from profiles, (values ('email', 'sent'), ('sms', 'failed')) as x(channel, status)`);
  const { campaigns_received } = await world.export('ada');
  assert.deepEqual(campaigns_received, [
    { name: 'Receipts', api_campaign_id: 'receipts', last_received: start.toISOString(), in_control: false },
  ]);
});

test('an invalid export is refused', async (t) => {
  const world = await startWorld(t);
  const path = '/users/export/ids';
  await refused(
    world,
    path,
    {},
    'bad_request',
    'external_ids, user_aliases, device_id, braze_id, email_address, phone: expected one, got none',
  );
  await refused(
    world,
    path,
    { device_id: 'd', phone: '1' },
    'bad_request',
    'device_id, phone: expected only one of them',
  );
  const ids = Array.from({ length: 51 }, (_, n) => `p${n}`);
  await refused(
    world,
    path,
    { external_ids: ids },
    'too_many_ids',
    'external_ids, user_aliases: expected at most 50 ids together, got 51',
  );
});

import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import test from 'node:test';
import { appId, emailGroup, smsGroup, start, startWorld, webAppId } from '../../../../test/support/people.ts';
import { sql } from '../../../db/sql.ts';

const keys = { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: 'BTBZMqHH6r4Tts7J_aSIgg' };
const browser = JSON.stringify({ endpoint: 'https://push.example.com/ada', keys });

test('a browser is known by its subscription, in any JSON form; anything else is refused', async (t) => {
  const world = await startWorld(t);
  const owner = (external_id: string, token: unknown) => ({ external_id, push_tokens: [{ app_id: webAppId, token }] });
  const same = JSON.stringify({ expirationTime: null, keys, endpoint: 'https://PUSH.example.com:443/ada' });
  await world.given(owner('ada', browser));
  await world.given(owner('ben', same));
  const stored = sql`select token, external_id from push_targets join profiles using (bucket, user_id)`;
  assert.deepEqual(await world.db.query(stored), [{ token: browser, external_id: 'ben' }]);
  assert.deepEqual(await world.left(owner('ada', '{"endpoint":"javascript:alert(1)"}')), [
    'push_tokens[0].token: endpoint: expected a URL that starts with https://',
  ]);
  assert.deepEqual(await world.left(owner('ada', JSON.parse(browser))), [
    'push_tokens[0].token: expected a non-empty text',
  ]);
});

test('a push token belongs to one person and can move to another', async (t) => {
  const world = await startWorld(t);
  const token = (name: string, device_id?: string) => ({ app_id: appId, token: name, ...(device_id && { device_id }) });
  await world.given({
    external_id: 'ada',
    push_tokens: [token('t1', 'device-1'), token('t2'), { app_id: webAppId, token: browser }],
  });
  await world.given({ external_id: 'ada', push_tokens: [token('t2', 'device-2'), token('t1')] });
  await world.given(
    { external_id: 'ben', push_tokens: [token('t1')] },
    { external_id: 'cleo', push_tokens: [token('t1', 'device-3')] },
  );
  const owners = await world.db.query(sql`
    select p.external_id, t.app_id, t.token, t.device_id, t.platform, o.user_id = p.user_id as owned
      from push_targets t
      join profiles p using (bucket, user_id)
      join push_token_owners o on o.app_id = t.app_id and o.token = device_of(t.token)
     order by t.app_id, t.token`);
  const webDevice = owners.find((row) => row.app_id === webAppId)?.device_id;
  assert.match(webDevice, /^[0-9a-f-]{36}$/);
  assert.deepEqual(owners, [
    { external_id: 'cleo', app_id: appId, token: 't1', device_id: 'device-3', platform: 'ios', owned: true },
    { external_id: 'ada', app_id: appId, token: 't2', device_id: 'device-2', platform: 'ios', owned: true },
    { external_id: 'ada', app_id: webAppId, token: browser, device_id: webDevice, platform: 'web', owned: true },
  ]);
  const unknown = { provisionally_opted_in: null };
  assert.deepEqual((await world.export('ada')).push_tokens, [
    { app: 'Acme iOS', platform: 'ios', token: 't2', device_id: 'device-2', notifications_enabled: true, ...unknown },
    { app: 'Acme Web', platform: 'web', token: browser, device_id: webDevice, notifications_enabled: true, ...unknown },
  ]);
  await world.given({ external_id: 'ada', push_tokens: null });
  assert.deepEqual(await world.db.query(sql`select token from push_token_owners`), [{ token: 't1' }]);
  assert.deepEqual(await world.db.query(sql`select token from push_targets`), [{ token: 't1' }]);
});

test('a change of email state applies to everybody with the address', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'x@example.test' }, { external_id: 'ben', email: 'X@Example.test' });
  await world.given({ external_id: 'cleo', email: 'y@example.test', email_subscribe: 'opted_in' });
  await world.given({ external_id: 'ada', email_subscribe: 'unsubscribed', push_subscribe: 'opted_in' });
  const states = await world.db.query(sql`
    select external_id, email_state, push_state, email_state_changed_at is not null as told from profiles order by external_id`);
  assert.deepEqual(states, [
    { external_id: 'ada', email_state: 'unsubscribed', push_state: 'opted_in', told: true },
    { external_id: 'ben', email_state: 'unsubscribed', push_state: 'subscribed', told: true },
    { external_id: 'cleo', email_state: 'opted_in', push_state: 'subscribed', told: true },
  ]);
});

test('a person who gets a known address inherits its state; a new address keeps the state of the person', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'x@example.test', email_subscribe: 'unsubscribed' });
  await world.given({ external_id: 'ben', email: 'x@example.test' });
  await world.given({ external_id: 'ada', email: 'new@example.test' });
  await world.given(
    { external_id: 'cleo', email: 'c@example.test', email_subscribe: 'opted_in' },
    { external_id: 'dora', email: 'C@example.test' },
  );
  await world.db.run(sql`
    insert into addresses (workspace_id, kind, address, email_state, email_state_at)
    values (${world.workspaceId}, 'email', 'known@example.test', 'unsubscribed', ${start})`);
  await world.given(
    { external_id: 'emma', email: 'Known@example.test' },
    { email: 'known@example.test', first_name: 'same' },
  );
  await world.given({ external_id: 'finn', email: 'x@example.test', email_subscribe: 'opted_in' });
  const states = await world.db.query(sql`select external_id, email_state from profiles order by external_id`);
  assert.deepEqual(states, [
    { external_id: 'ada', email_state: 'unsubscribed' },
    { external_id: 'ben', email_state: 'opted_in' }, // shares finn's address
    { external_id: 'cleo', email_state: 'opted_in' },
    { external_id: 'dora', email_state: 'opted_in' },
    { external_id: 'emma', email_state: 'unsubscribed' },
    { external_id: 'finn', email_state: 'opted_in' },
  ]);
});

test('a state in an email group applies to everybody with the address, in an SMS group to the person', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'x@example.test' }, { external_id: 'ben', email: 'x@example.test' });
  const groups = (state: string) => [
    { subscription_group_id: emailGroup.toUpperCase(), subscription_state: state },
    { subscription_group_id: smsGroup, subscription_state: state },
  ];
  await world.given({ external_id: 'ada', subscription_groups: groups('subscribed') });
  await world.given({ external_id: 'cleo', subscription_groups: groups('unsubscribed') });
  const states = sql`
    select p.external_id, s.group_id, s.state
      from subscription_states s join profiles p using (bucket, user_id) order by external_id, group_id`;
  assert.deepEqual(await world.db.query(states), [
    { external_id: 'ada', group_id: emailGroup, state: 'subscribed' },
    { external_id: 'ada', group_id: smsGroup, state: 'subscribed' },
    { external_id: 'ben', group_id: emailGroup, state: 'subscribed' },
    { external_id: 'cleo', group_id: emailGroup, state: 'unsubscribed' },
    { external_id: 'cleo', group_id: smsGroup, state: 'unsubscribed' },
  ]);
});

test('within one request the last state of a shared address applies to everybody who has it', async (t) => {
  const world = await startWorld(t);
  const email = 'x@example.test';
  const say = (email_subscribe: string, subscription_state: string) => ({
    email_subscribe,
    subscription_groups: [{ subscription_group_id: emailGroup, subscription_state }],
  });
  await world.given({ external_id: 'cleo', email });
  await world.given(
    { external_id: 'ada', email, ...say('opted_in', 'subscribed') },
    { external_id: 'ben', email, ...say('unsubscribed', 'unsubscribed') },
  );
  const states = await world.db.query(sql`
    select p.external_id, p.email_state, s.state
      from profiles p join subscription_states s using (bucket, user_id) order by external_id`);
  const said = { email_state: 'unsubscribed', state: 'unsubscribed' };
  assert.deepEqual(
    states,
    ['ada', 'ben', 'cleo'].map((external_id) => ({ external_id, ...said })),
  );
});

test('if one person unsubscribes while another gets the address, both are unsubscribed', async (t) => {
  const world = await startWorld(t);
  for (let n = 0; n < 10; n += 1) {
    await world.given({ external_id: `ada${n}`, email: `x${n}@example.test` }, { external_id: `ben${n}` });
    await Promise.all([
      world.given({ external_id: `ada${n}`, email_subscribe: 'unsubscribed' }),
      world.given({ external_id: `ben${n}`, email: `X${n}@example.test` }),
    ]);
  }
  const states = await world.db.query(sql`select email_state, count(*) as n from profiles group by email_state`);
  assert.deepEqual(states, [{ email_state: 'unsubscribed', n: 20 }]);
});

test('marked_email_as_spam_at flags the address, whoever has it', async (t) => {
  const world = await startWorld(t);
  await world.given({ external_id: 'ada', email: 'X@example.test', marked_email_as_spam_at: '2026-01-01T00:00:00Z' });
  const marks = sql`select address, marked_spam_at from addresses`;
  assert.deepEqual(await world.db.query(marks), [
    { address: 'x@example.test', marked_spam_at: new Date('2026-01-01T00:00:00Z') },
  ]);
  await world.given({ external_id: 'ada', marked_email_as_spam_at: null });
  assert.deepEqual(await world.db.query(marks), [{ address: 'x@example.test', marked_spam_at: null }]);
});

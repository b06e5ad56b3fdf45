// Apps whose queue is paused: by settings that the provider refuses, and by the guard against removing many tokens.
import assert from 'node:assert/strict';
import test from 'node:test';
import { raw, sql } from '../src/db/sql.ts';
import {
  broadcast,
  counts,
  crowd,
  everybody,
  isOpen,
  MINUTE,
  push,
  SECOND,
  startPushApp as start,
  state,
  tokens,
  until,
} from './support/push-app.ts';
import { apns, IOS, workspace } from './support/push-provider.ts';

test('settings that the provider refuses pause the app within 100 calls; once corrected, the rest goes out', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 600);
  provider.usually(({ keyId, token }) =>
    keyId === 'K1' ? { kind: 'config_error', reason: 'InvalidProviderToken' } : { kind: 'accepted', providerId: token },
  );
  const id = await broadcast(app);
  await app.drain();
  assert.ok(provider.calls.length <= 100, `${provider.calls.length} calls`);
  const { body } = await app.get(`/dispatches/${id}`);
  assert.deepEqual([body.state, body.channels.apple_push.pending], ['sending', 600]);
  assert.match(
    body.failure,
    new RegExp(`^app "iPhone" \\(${IOS}\\): its provider does not accept our settings \\(InvalidProviderToken\\)`),
  );
  assert.equal((await tokens(app)).length, 600, 'no token is removed');
  const [shown] = (await app.get('/push/apps')).body.apps;
  assert.deepEqual([shown.id, shown.state, shown.reason], [IOS, 'paused', 'InvalidProviderToken']);

  const before = provider.calls.length;
  app.clock.advance(5 * MINUTE);
  await app.drain();
  assert.equal(provider.calls.length, before + 1, 'after five minutes one call tests whether the settings are good');

  await app.givenWorkspace(`${workspace(apns('K2'))}${everybody}`);
  app.clock.advance(SECOND);
  await until(isOpen(app));
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  assert.deepEqual(await counts(app, id), {
    recipients: 600,
    attempts: 600,
    attempts_failed: 0,
    attempts_in_flight: 0,
    sent: 600,
  });
  assert.equal((await app.get(`/dispatches/${id}`)).body.failure, undefined);
});

test('a paused app continues by itself once a probe is accepted, and sends that expired meanwhile end as expired', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 40);
  provider.usually(() => ({ kind: 'config_error', reason: 'BadCertificate' }));
  const short = await broadcast(app, {
    ...push,
    expiry: new Date(app.clock.now().getTime() + 7 * MINUTE).toISOString(),
  });
  const long = await broadcast(app);
  await app.drain();
  app.clock.advance(5 * MINUTE);
  await app.drain();
  provider.usually(({ token }) => ({ kind: 'accepted', providerId: token }));
  app.clock.advance(2 * MINUTE);
  await until(async () => {
    await app.drain();
    return (await state(app, short)) === 'finished';
  });
  assert.equal((await counts(app, short)).expired, 40);
  app.clock.advance(3 * MINUTE);
  await until(async () => {
    await app.drain();
    return (await state(app, long)) === 'finished';
  });
  assert.deepEqual(await counts(app, long), {
    recipients: 40,
    attempts: 40,
    attempts_failed: 0,
    attempts_in_flight: 0,
    sent: 40,
  });
});

test('the end of a pause that the database refuses to write is written once it takes writes again', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 40);
  provider.usually(() => ({ kind: 'config_error', reason: 'BadCertificate' }));
  const id = await broadcast(app);
  await app.drain();
  const refusal = "begin raise exception 'no' using errcode = 'read_only_sql_transaction'; end";
  await app.db.run(sql`${raw(`create function refuse() returns trigger language plpgsql as $$ ${refusal} $$`)}`);
  await app.db.run(sql`create trigger refuse before delete on pauses for each row execute function refuse()`);
  provider.usually(({ token }) => ({ kind: 'accepted', providerId: token }));
  app.clock.advance(5 * MINUTE);
  await provider.called(provider.calls.length + 1);
  await app.drain();
  app.clock.advance(SECOND);
  await app.drain();
  assert.equal(await isOpen(app)(), false, 'other servers still see it as paused');
  await app.db.run(sql`drop trigger refuse on pauses`);
  let seconds = 0;
  await until(async () => {
    app.clock.advance(SECOND);
    seconds += 1;
    await app.drain();
    return isOpen(app)();
  });
  await until(async () => {
    app.clock.advance(SECOND);
    seconds += 1;
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  assert.ok(seconds < 60, `${seconds} s: it must not wait for another probe, which comes after five minutes`);
  assert.equal((await counts(app, id)).sent, 40);
});

test('the guard: too many ambiguous refusals restore every token, pause the app and mark no further token', async (t) => {
  const { app, provider } = await start(t, `${workspace()}${everybody}`);
  await crowd(app, 400);
  provider.usually(() => ({ kind: 'bounced', reason: 'BadDeviceToken', token: 'suspect' }));
  const id = await broadcast(app);
  await until(async () => {
    await app.drain();
    return !(await isOpen(app)());
  });
  await app.drain();
  const after = await counts(app, id);
  assert.ok(after.address_dead >= 100 && after.pending > 0, JSON.stringify(after));
  // A result that was being written while the guard tripped may have marked a token: the next sweep clears it.
  app.clock.advance(MINUTE);
  await until(async () => (await tokens(app)).every((token) => !token.endsWith('suspect')));
  const [shown] = (await app.get('/push/apps')).body.apps;
  assert.deepEqual([shown.state, shown.cause], ['paused', 'guard']);
  app.clock.advance(20 * MINUTE);
  await app.drain();
  assert.equal((await tokens(app)).length, 400, 'nothing was removed');
  provider.usually(({ token }) => ({ kind: 'accepted', providerId: token }));
  app.clock.advance(5 * MINUTE);
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  const end = await counts(app, id);
  assert.equal(end.sent + end.address_dead, 400);
});

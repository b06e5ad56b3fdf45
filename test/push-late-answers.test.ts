// Answers that come in after the pause that they belong to has ended, and sends set aside by a process that has not heard of
// its end: nobody releases these before their time, so they must be due at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import {
  broadcast,
  counts,
  crowd,
  everybody,
  given,
  send,
  startPushApp,
  state,
  until,
  verdict,
} from './support/push-app.ts';
import { apns, IOS, IPAD, workspace } from './support/push-provider.ts';

const refused = { kind: 'config_error', reason: 'InvalidProviderToken' } as const;
const PEOPLE = 40;

test('what the former key was refused for goes out with the new one, without waiting for a probe', async (t) => {
  const { app, provider } = await startPushApp(t, `${workspace()}${everybody}`);
  await crowd(app, PEOPLE);
  // Accepted messages open the window, so that the next ones are all under way at once.
  await broadcast(app);
  await app.drain();
  assert.equal(provider.calls.length, PEOPLE);
  const held = provider.hold();
  const id = await broadcast(app);
  await provider.called(2 * PEOPLE);
  provider.usually(({ keyId, token }) => (keyId === 'K1' ? refused : { kind: 'accepted', providerId: token }));
  await app.givenWorkspace(`${workspace(apns('K2'))}${everybody}`);
  held.release();
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  const { sent, attempts } = await counts(app, id);
  assert.deepEqual({ sent, attempts }, { sent: PEOPLE, attempts: PEOPLE });
  assert.equal(provider.calls.length, 3 * PEOPLE);
});

test('what is set aside for an app by a process that did not hear of its opening goes out at once', async (t) => {
  const { app, provider } = await startPushApp(
    t,
    `${workspace()}  - { id: ${IPAD}, name: iPad, platform: ios, apns: ${apns('K2')} }\n`,
  );
  await given(app, 'ada', { app_id: IOS, token: 'ada' });
  await given(app, 'bob', { app_id: IOS, token: 'bob' });
  provider.answer('ada', refused);
  await send(app, 'ada');
  await until(async () =>
    (await app.get('/push/apps')).body.apps.some(({ state: of }: { state: string }) => of === 'paused'),
  );
  // Another process ends the pause, and its notice is lost.
  await app.db.run(sql`delete from pauses`);
  const id = await send(app, 'bob');
  await until(async () => {
    await app.drain();
    return (await state(app, id)) === 'finished';
  });
  const { status, attempts } = await verdict(app, id);
  assert.deepEqual({ status, attempts }, { status: 'sent', attempts: 1 });
});

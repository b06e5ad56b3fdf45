// Answers that come in after the pause that they belong to has ended, and sends set aside by a process that has not heard of
// its end: nobody releases these before their time, so they must be due at once.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { digestOfApp } from '../src/dispatch/pauses/subject.ts';
import type { App } from '../src/workspace/catalog.ts';
import type { TestApp } from './support/app.ts';
import {
  broadcast,
  counts,
  crowd,
  everybody,
  given,
  push,
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

const relay = 'email: { default_from: "a@example.com", smtp: [{ name: main, url: "smtp://127.0.0.1:1" }] }';
const email = { app_id: IOS, from: 'a@example.com', subject: 'Hi', body: 'Hello' };
const appWaits = `app "iPhone" (${IOS}): its provider does not accept our settings (InvalidProviderToken)`;

test('pauses of which a process has not heard', async (t) => {
  const { app, provider } = await startPushApp(
    t,
    `${workspace()}  - { id: ${IPAD}, name: iPad, platform: ios, apns: ${apns('K2')} }\n${relay}\n`,
  );
  await given(app, 'ada', { app_id: IOS, token: 'ada' });
  await given(app, 'bob', { app_id: IOS, token: 'bob' });
  const isPaused = async () =>
    (await app.get('/push/apps')).body.apps.some((one: { state: string }) => one.state === 'paused');

  await t.test('what waits for a paused app says so', async () => {
    provider.answer('ada', refused, { kind: 'accepted', providerId: 'of ada' });
    const id = await send(app, 'ada');
    await until(isPaused);
    await app.drain();
    const { body } = await app.get('/users/ada/messages');
    for (const one of [await verdict(app, id), body.messages[0]]) {
      const { status, provider_code, detail } = one;
      assert.deepEqual(
        { status, provider_code, detail },
        {
          ...{ status: 'pending', provider_code: 'InvalidProviderToken' },
          detail: `${appWaits}; what waits goes out once it does`,
        },
      );
    }
  });

  await t.test('what is set aside after the end of a pause goes out at once', async () => {
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

  await t.test('a dispatch that waits for a relay also names the app that another process has paused', async () => {
    await app.post('/users/track', { attributes: [{ external_id: 'eve', email: 'eve@example.com' }] });
    await app.db.run(sql`
      insert into pauses (workspace_id, subject, cause, reason, settings, since, probe_at, probes)
      select ${app.workspaceId}, ${`app ${IOS}`}, 'config_error', 'InvalidProviderToken',
             decode(${digestOfApp(iphoneOf(app))}, 'hex'), ${app.clock.now()}, ${new Date('2100-01-01')}, 0`);
    const messages = { email, apple_push: push };
    const { body } = await app.post('/messages/send', { external_user_ids: ['eve'], messages });
    assert.equal(body.message, 'success', JSON.stringify(body));
    const failure = async () => String((await app.get(`/dispatches/${body.dispatch_id}`)).body.failure);
    await until(async () => {
      await app.drain();
      return (await failure()).includes('mail relay main');
    });
    assert.ok((await failure()).includes(appWaits), await failure());
    const { problems } = (await app.get('/status')).body;
    const waits = problems.filter((one: string) => /unfinished dispatch/.test(one));
    assert.equal(waits.length, 2, JSON.stringify(problems));
  });
});

function iphoneOf(app: TestApp): App {
  const iphone = app.workspace().apps.get(IOS);
  assert.ok(iphone);
  return iphone;
}

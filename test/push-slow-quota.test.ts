// An app with a low quota: its messages go out at its pace and delay nobody else's. Requests come in over HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { apns, FIRE, givenCrowd, IOS, scriptedProvider, workspace } from './support/push-provider.ts';

const SEGMENT = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const PEOPLE = 40;
const PER_MINUTE = 60;
/** Most messages of one broadcast that may have begun: five seconds' worth. */
const MOST_BEGUN = (5 * PER_MINUTE) / 60;
const STEP_MS = 250;

async function broadcast(app: TestApp, messages: object): Promise<string> {
  const { body } = await app.post('/messages/send', { broadcast: true, segment_id: SEGMENT, messages });
  assert.equal(body.message, 'success', JSON.stringify(body));
  return body.dispatch_id;
}

const state = async (app: TestApp, id: string) => (await app.get(`/dispatches/${id}`)).body.state;

test('broadcasts to an app with a low quota share its pace and delay no other broadcast', async (t) => {
  const provider = scriptedProvider();
  const app = await startTestApp(t, { pushSenders: provider.senders });
  const adm = JSON.stringify({ client_id: 'id', client_secret: 'secret' });
  await app.givenWorkspace(`${workspace(apns('K1', { calls_per_minute: PER_MINUTE }))}
  - { id: ${FIRE}, name: Fire, platform: kindle, adm: ${adm} }
segments:
  - { id: ${SEGMENT}, name: Everybody, filter: null }
`);
  await givenCrowd(app, PEOPLE, IOS, 'ios');
  await givenCrowd(app, 300, FIRE, 'kindle');
  const slow = [];
  for (const title of ['one', 'two']) slow.push(await broadcast(app, { apple_push: { alert: { title, body: 'Hi' } } }));
  await provider.called(1);
  const fast = await broadcast(app, { kindle_push: { title: 'Hi', alert: 'Hello' } });
  for (let looks = 0; (await state(app, fast)) !== 'finished'; looks += 1) assert.ok(looks < 2_000, 'it is held up');
  const calls = () => provider.calls.filter(({ keyId }) => keyId === 'K1');
  assert.equal(provider.calls.length - calls().length, 300);
  assert.equal(calls().length, 1);
  const { begun } = await app.db.one<{ begun: number }>(sql`
    select count(*) as begun from sends where status = 'sending' and channel = 'apple_push'`);
  assert.ok(begun > 0 && begun <= 2 * MOST_BEGUN, `${begun} wait in memory`);

  let steps = 0;
  const ofEach = () => ['one', 'two'].map((title) => calls().filter(({ push }) => titleOf(push) === title).length);
  while ((await Promise.all(slow.map((id) => state(app, id)))).some((one) => one !== 'finished')) {
    app.clock.advance(STEP_MS);
    steps += 1;
    assert.ok(calls().length <= 2 + (steps * STEP_MS) / 1_000, 'faster than its pace');
    assert.ok(steps * STEP_MS <= 1.2 * 2 * PEOPLE * 1_000, `slower than its pace: ${ofEach()}`);
    if (calls().length === PEOPLE) assert.ok(Math.min(...ofEach()) >= PEOPLE / 4, `in turn: ${ofEach()}`);
  }
  assert.deepEqual(ofEach(), [PEOPLE, PEOPLE]);
  const attempts = await app.db.query(sql`
    select distinct attempts, status from sends where channel = 'apple_push' and status <> 'skipped'`);
  assert.deepEqual(attempts, [{ attempts: 1, status: 'sent' }], 'who waited has lost no attempt');
});

function titleOf({ rendered }: { rendered: object }): unknown {
  return (rendered as { payload: { aps: { alert: { title: string } } } }).payload.aps.alert.title;
}

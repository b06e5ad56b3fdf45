// Plans hold every text that JSON knows. PostgreSQL's operators refuse some of them, which nobody may notice.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

/** NUL, halves of a pair of surrogates, and texts that only look like their escapes. */
const odd = { 'a\u0000': '\u0000', half: '\ud800 \udfff', looks: String.raw`\u0000 \ud800`, pair: '\ud83d\ude00' };
const CANVAS = '0D7C9A52-3B7E-4C5E-9A55-5F1F0F6F7A18';
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const webhook = { url: 'https://example.com/', request_method: 'POST', body: '{{api_trigger_properties.${looks}}}' };
const workspace = JSON.stringify({
  segments: [{ id: EVERYBODY, name: 'Everybody', filter: null }],
  campaigns: [
    {
      ...{ id: 'order', name: 'Order', kind: 'api_triggered', segment_id: EVERYBODY },
      ...{ canvas: { id: CANVAS, name: 'Orders' }, messages: { webhook } },
    },
  ],
});

test('a dispatch with odd texts is listed with its channels', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const recipients = [{ external_user_id: 'ada', trigger_properties: odd }];
  const sent = await app.post('/campaigns/trigger/send', { campaign_id: 'order', recipients });
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  await app.drain();
  const { status, body } = await app.get('/dispatches');
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(
    body.dispatches.map(({ channels, state }: { channels: string[]; state: string }) => [channels, state]),
    [[['webhook'], 'finished']],
  );
  const [message] = (await app.get('/sandbox/messages')).body.messages;
  assert.equal(message.message.body, odd.looks, 'the plan itself is as it came');
});

test('a scheduled broadcast with odd texts is listed under its Canvas', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-06-01T08:00:00Z') });
  await app.givenWorkspace(workspace);
  const created = await app.post('/canvas/trigger/schedule/create', {
    ...{ canvas_id: CANVAS, broadcast: true, context: odd, schedule: { time: '2027-06-01T09:00:00Z' } },
  });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const { body } = await app.get('/messages/scheduled_broadcasts?end_time=2027-06-02');
  assert.deepEqual(
    body.scheduled_broadcasts.map(({ name, type }: { name: string; type: string }) => [name, type]),
    [['Orders', 'Canvas']],
  );
});

test('a fatal task of a dispatch with odd texts is set aside', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(workspace);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const recipients = [{ external_user_id: 'ada', trigger_properties: odd }];
  const { body } = await app.post('/campaigns/trigger/send', { campaign_id: 'order', recipients });
  const leasedUntil = new Date(app.clock.now().getTime() - 1);
  await app.db.run(sql`
    update tasks
       set tries = 2, deaths = 1, is_on_trial = true, worker = ${randomUUID()}, leased_until = ${leasedUntil}`);
  await app.startAnotherWorker();
  app.clock.advance(31_000);
  await app.drain();
  const shown = (await app.get(`/dispatches/${body.dispatch_id}`)).body;
  assert.equal(shown.state, 'cancelled');
  assert.match(shown.failure, /^set aside/);
  assert.deepEqual(await app.db.query(sql`select id from tasks`), [], 'its task is over');
});

test('an export refuses the name of an attribute that nobody can have', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace);
  const fields = { fields_to_export: ['first_name'], custom_attributes_to_export: ['a\u0000'] };
  const { status, body } = await app.post('/users/export/segment', { segment_id: EVERYBODY, ...fields });
  assert.equal(status, 400, JSON.stringify(body));
});

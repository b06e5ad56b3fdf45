// A broadcast over WhatsApp with faults of many kinds, and everything that comes back: the books of the stand-in, the ledger
// and the statistics agree.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readFaults } from '../src/simulate/faults.ts';
import { CHATS, EVERYBODY, startWhatsApp, template } from './support/whats-app.ts';

const PEOPLE = 400;
const faults = [
  ...['131026:4%', '131049:2%', '131050:2%', '131056:3%', '503:3%', '100:2%', 'reset:2%'],
  ...['lost:3%', 'garbage:2%', 'mute:2%', 'unordered:5%', 'read:5%', 'early:2%', 'held:1%'],
];

test('a broadcast with faults of every kind: nobody gets it twice, and all books agree', async (t) => {
  const { app, meta, people, settle, heard, stateOf, apply } = await startWhatsApp(t);
  const numbers = Array.from({ length: PEOPLE }, (_, nth) => `+1415555${String(1_000 + nth)}`);
  for (let at = 0; at < PEOPLE; at += 50) await people(...numbers.slice(at, at + 50));
  await apply({ calls_per_minute: 60_000_000 });
  await app.givenWorkspace(`campaigns:
  - { id: offer, name: Offer, kind: api, variations: [{ id: chat, name: Chat, channel: whats_app }] }`);
  meta.setFaults(readFaults({ fault: faults }));
  const { status, body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY, campaign_id: 'offer' },
    messages: { whats_app: { app_id: 'a', subscription_group_id: CHATS, message_variation_id: 'chat', ...template } },
  });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const verdicts = await settle(body.dispatch_id);
  await heard();
  const after = (await app.get(`/dispatches/${body.dispatch_id}/recipients?limit=500`)).body.recipients;
  const count = (status: string) => verdicts.filter((one) => one.status === status).length;

  const { accepted, surplus, answers } = meta.counts();
  for (const [name] of faults.map((fault) => fault.split(':')))
    assert.ok((answers[name ?? ''] ?? 0) > 0, `${name} never happened`);
  assert.equal(surplus, 0, 'nobody got it twice');
  // A connection that is reset may have lost the message or the answer, so both are unknown and never tried again.
  const [lost, reset] = [answers.lost ?? 0, answers.reset ?? 0];
  assert.deepEqual([count('unknown'), count('sent')], [lost + reset, accepted - lost]);
  assert.equal(count('sent') + count('unknown') + count('failed'), PEOPLE);

  const had = (name: string) =>
    after.filter(({ feedback }: { feedback?: object }) => Object.hasOwn(feedback ?? {}, name)).length;
  const late = ['131026', '131049', '131050', 'held'].reduce((sum, name) => sum + (answers[name] ?? 0), 0);
  const read = (answers.read ?? 0) + (answers.unordered ?? 0);
  assert.deepEqual([had('failed_at'), had('read_at')], [late, read]);
  assert.equal(had('delivered_at'), accepted - late - (answers.mute ?? 0));
  const { data } = (await app.get('/campaigns/data_series?campaign_id=offer&length=1')).body;
  const [numbersOfDay] = data[0].messages.whats_app;
  assert.deepEqual(
    [numbersOfDay.sent, numbersOfDay.delivered, numbersOfDay.failed, numbersOfDay.read],
    [count('sent'), had('delivered_at'), count('failed') + late, read],
  );
  for (const { external_id, feedback } of after)
    if (feedback?.code === '131050') assert.equal(await stateOf(external_id), 'Unsubscribed', external_id);
});

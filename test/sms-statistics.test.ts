// STOP and HELP in the statistics of campaigns, by the signed callbacks of the stand-in for Twilio.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ADA, ALERTS, NEWS, NEWS_NUMBER, startTexts, text } from './support/texts.ts';

const [BOB, CAROL, STRANGER] = ['+14155550102', '+14155550103', '+14155550104'] as const;
const DAY_MS = 86_400_000;

test('STOP and HELP count for the campaign of the last text from the group, each once, as in the feed', async (t) => {
  const texts = await startTexts(t);
  const { app, twilio, people, told } = texts;
  await people([ADA, BOB, CAROL]);
  const send = async (campaign_id: string, external_user_ids: string[]) => {
    const sms = { ...text, message_variation_id: 't' };
    const sent = { external_user_ids, campaign_id, send_id: 'monday', messages: { sms } };
    const { status, body } = await app.post('/messages/send', sent);
    assert.equal(status, 201, JSON.stringify(body));
    await app.drain();
    await told();
    app.clock.advance(60_000);
    return body.dispatch_id as string;
  };
  for (const campaign_id of ['spring', 'summer'])
    assert.equal((await app.post('/sends/id/create', { campaign_id, send_id: 'monday' })).status, 201);
  const hear = async (group: string, fields: Record<string, string>) =>
    assert.equal(await twilio.callback(`${app.url}/callbacks/sms/${group}/inbound`, fields), 200);
  let messages = 0;
  const sid = () => {
    messages += 1;
    return `SM${String(messages).padStart(32, '0')}`;
  };
  const toUs = { To: twilio.account.from };
  const series = async (campaign: string, sendId?: string) => {
    const path = sendId === undefined ? '/campaigns/data_series?' : `/sends/data_series?send_id=${sendId}&`;
    const { status, body } = await app.get(`${path}campaign_id=${campaign}&length=1`);
    assert.equal(status, 200, JSON.stringify(body));
    const [entry] = body.data[0].messages.sms;
    const { variation_api_id: _, variation_name: __, ...counts } = entry;
    return counts;
  };
  const none = { rejected: 0, delivery_failed: 0, clicks: 0 };

  await hear(ALERTS, { MessageSid: sid(), From: ADA, ...toUs, Body: 'HELP' });
  const spring = await send('spring', [ADA, BOB, CAROL]);
  await send('summer', [ADA]);
  const again = sid();
  for (const MessageSid of [again, again, sid()]) await hear(ALERTS, { MessageSid, From: ADA, ...toUs, Body: 'help' });
  assert.equal((await twilio.inbound({ from: ADA, body: 'Info', optOutType: 'HELP' }))?.status, 200);
  assert.equal((await twilio.inbound({ from: ADA, body: 'STOP' }))?.status, 200);
  await hear(ALERTS, { MessageSid: sid(), From: ADA, ...toUs, Body: 'STOP' });
  // Bob writes to another sender, and says something; then he leaves.
  await hear(NEWS, { MessageSid: sid(), From: BOB, To: NEWS_NUMBER, Body: 'HELP' });
  await hear(NEWS, { MessageSid: sid(), From: BOB, To: NEWS_NUMBER, Body: 'STOP' });
  await hear(ALERTS, { MessageSid: sid(), From: BOB, ...toUs, Body: 'hello' });
  await hear(ALERTS, { MessageSid: sid(), From: BOB, ...toUs, Body: 'stop' });
  await hear(ALERTS, { MessageSid: sid(), From: STRANGER, ...toUs, Body: 'STOP' });
  await told();

  const ofSpring = { sent: 3, sent_to_carrier: 3, delivered: 3, ...none, opt_out: 1, help: 0 };
  const ofSummer = { sent: 1, sent_to_carrier: 1, delivered: 1, ...none, opt_out: 1, help: 3 };
  assert.deepEqual([await series('spring'), await series('summer')], [ofSpring, ofSummer]);
  assert.deepEqual([await series('spring', 'monday'), await series('summer', 'monday')], [ofSpring, ofSummer]);
  const feed = async (campaign: string) => {
    const { body } = await app.get(`/message_events?campaign_id=${campaign}`);
    const told: { type: string; external_id: string }[] = body.events;
    return told
      .filter(({ type }) => type !== 'message.delivered')
      .map(({ type, external_id }) => [type, external_id])
      .sort();
  };
  assert.deepEqual(await feed('spring'), [['consent.opted_out', BOB]]);
  assert.deepEqual(await feed('summer'), [
    ...Array(2).fill(['consent.opted_out', ADA]),
    ...Array(3).fill(['message.replied', ADA]),
  ]);
  const told3 = (await texts.verdicts(spring)).map(({ external_id, feedback }) => [
    external_id,
    Object.keys((feedback as object | null) ?? {}).sort(),
  ]);
  assert.deepEqual(told3.sort(), [
    [ADA, ['delivered_at']],
    [BOB, ['delivered_at', 'opted_out_at']],
    [CAROL, ['delivered_at']],
  ]);

  app.clock.advance(14 * DAY_MS);
  await hear(ALERTS, { MessageSid: sid(), From: CAROL, ...toUs, Body: 'STOP' });
  await told();
  const { opt_out } = await series('spring');
  assert.equal(opt_out, 0, 'after fourteen days nobody can say which text was answered');
});

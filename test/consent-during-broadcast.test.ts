// What people say while a broadcast is running holds for everybody whose turn has not come.
import assert from 'node:assert/strict';
import test from 'node:test';
import { REFERENCE_HEADER } from '../src/channels/email/return-path.ts';
import { startTestApp } from './support/app.ts';
import { sendGrid } from './support/mail-events.ts';
import { verdictsOf } from './support/nine/books.ts';
import { EVERYBODY, messagesOf, startNine } from './support/nine/world.ts';
import { arf } from './support/reports.ts';

const HOUR_MS = 3_600_000;

test('an unsubscribe, a STOP and a complaint during a broadcast take effect for everybody not yet processed', async (t) => {
  const app = await startTestApp(t);
  const nine = await startNine(app, { people: 12, seed: 1, faultPercent: 0, atOnce: 0 });
  const { providers, targetOf } = nine;
  const { relay, twilio, meta, mails } = providers;
  // Everybody has a mail with a link and a reference.
  await nine.sendToAll('at_least_once');
  const zoneOf = (nth: number) => (nth < 4 ? 'Europe/Berlin' : 'America/New_York');
  const attributes = Array.from({ length: 12 }, (_, nth) => ({ external_id: `p${nth}`, time_zone: zoneOf(nth) }));
  await app.post('/users/track', { attributes });
  const header = (person: string, name: string) => {
    const { data = '' } = mails.find(({ to }) => to === targetOf('email', person)) ?? {};
    return new RegExp(`^${name}: *((?:.|\r\n[ \t])*)`, 'im').exec(data)?.[1]?.replace(/\s/g, '') ?? '';
  };
  const callback = async (path: string, headers: Record<string, string>, body: string) => {
    const { status } = await fetch(app.url + path, { method: 'POST', headers, body });
    assert.equal(status, 200, path);
  };

  const { sms, whats_app, email, webhook } = messagesOf(providers);
  const { status, body } = await app.post('/messages/schedule/create', {
    ...{ broadcast: true, segment_id: EVERYBODY, campaign_id: 'everywhere' },
    ...{
      schedule: { time: '2026-03-15T18:00:00Z', in_local_time: true },
      messages: { sms, whats_app, email, webhook },
    },
  });
  assert.equal(status, 201, JSON.stringify(body));
  app.clock.advance(5 * HOUR_MS); // 18:00 in Berlin
  await app.drain();
  const half = await verdictsOf(nine, body.dispatch_id);
  assert.equal(half.filter((one) => one.status === 'sent').length, 4 * 4, JSON.stringify(half));

  for (const person of ['p0', 'p4'])
    await callback(
      new URL(header(person, 'List-Unsubscribe').replace(/^.*<(http[^>]*)>.*$/, '$1')).pathname,
      { 'content-type': 'application/x-www-form-urlencoded' },
      'List-Unsubscribe=One-Click',
    );
  const complaint = arf({ returned: `${REFERENCE_HEADER}: ${header('p5', REFERENCE_HEADER)}` });
  await callback('/callbacks/email/mime', { 'content-type': 'message/rfc822' }, complaint);
  const spam = {
    event: 'spamreport',
    email: targetOf('email', 'p6'),
    sg_event_id: 'spam',
    cresset_ref: header('p6', REFERENCE_HEADER),
  };
  const { headers, body: posted } = sendGrid([spam], app.clock.now());
  await callback(`/callbacks/email/sendgrid/${app.workspaceId}`, headers, posted);
  for (const person of ['p1', 'p7']) await twilio.inbound({ from: targetOf('sms', person), body: 'STOP' });
  await meta.inbound({ from: targetOf('whats_app', 'p8'), text: 'stop' });
  await relay.deliver();
  await app.drain();
  const before = mails.length;

  app.clock.advance(6 * HOUR_MS); // 18:00 in New York has passed
  await app.drain();
  const verdicts = await verdictsOf(nine, body.dispatch_id);
  const refused = verdicts
    .filter((one) => one.status !== 'sent')
    .map(({ external_id, channel, reason }) => `${external_id} ${channel} ${reason}`);
  assert.deepEqual(refused.sort(), [
    'p4 email unsubscribed',
    'p5 email marked_spam',
    'p6 email marked_spam',
    'p7 sms not_in_subscription_group',
    'p8 whats_app not_in_subscription_group',
  ]);
  assert.equal(mails.length - before, 5, 'mails to p7 to p11');
  assert.equal(twilio.target(targetOf('sms', 'p7')).accepted, 1);
  assert.equal(meta.target(targetOf('whats_app', 'p8')).accepted, 1);
});

// Texts over Twilio's protocol: what Twilio receives, and what becomes of a send after each of its answers.
import assert from 'node:assert/strict';
import test from 'node:test';
import { numberFor } from '../src/simulate/twilio/twilio-answers.ts';
import { ADA, ALERTS, EVERYBODY, NEWS, startTexts as start, text } from './support/texts.ts';

const minutes = (count: number) => count * 60_000;

const shown = ({ status, reason, provider_code, attempts }: Record<string, unknown>) => [
  ...[status, reason, provider_code, attempts],
];

test('a text goes to Twilio with the account of its group, and its verdict says what it costs', async (t) => {
  const { app, twilio, people, send, verdicts } = await start(t);
  await people([ADA]);
  const [verdict] = await verdicts(await send(ADA, { body: 'Grüße {{${user_id}}} €' }));
  const [received] = twilio.received();
  const { to, from, body, statusCallback, sid } = received?.message ?? {};
  assert.deepEqual([to, from, body], [ADA, twilio.account.from, `Grüße ${ADA} €`]);
  assert.match(String(statusCallback), new RegExp(`^${app.url}/callbacks/sms/${ALERTS}/status/[a-z2-7]{50}$`));
  assert.deepEqual(
    { ...verdict, updated_at: null, feedback: null },
    {
      ...{
        external_id: ADA,
        user_aliases: [],
        braze_id: verdict?.braze_id,
        channel: 'sms',
        status: 'sent',
        reason: null,
      },
      ...{ detail: '1 segment (GSM-7)', address: ADA, attempts: 1, provider_code: null, provider_message_id: sid },
      ...{ next_attempt_at: null, updated_at: null, feedback: null },
    },
  );
});

test('a messaging service chooses the sender, smart encoding is asked for, and no control character is sent', async (t) => {
  const { twilio, people, send, verdicts, apply } = await start(t, { from: undefined, smart_encoding: true });
  const { messagingServiceSid: messaging_service_sid } = twilio.account;
  await apply({ messaging_service_sid });
  await people([ADA]);
  const [verdict] = await verdicts(await send(ADA, { body: `a\u0000b\tc\r\nd“${'e'.repeat(200)}` }));
  const [{ message } = { message: null }] = twilio.received();
  assert.deepEqual([message?.from, message?.messagingServiceSid], [null, messaging_service_sid]);
  assert.deepEqual([message?.body, message?.isSmartEncoded], [`abc\nd“${'e'.repeat(200)}`, true]);
  assert.deepEqual([verdict?.status, verdict?.detail], ['sent', '2 segments (GSM-7)']);
});

/** The answer's code, then the verdict: status, reason, code and attempts. `invalid`: the number is marked. */
const codes: [code: number, verdict: unknown[], effect?: 'invalid' | 'opted out'][] = [
  [21211, ['bounced', 'address_dead', '21211', 1], 'invalid'],
  [21614, ['bounced', 'address_dead', '21614', 1], 'invalid'],
  [21635, ['bounced', 'address_dead', '21635', 1], 'invalid'],
  [21610, ['failed', 'provider_refused', '21610', 1], 'opted out'],
  [21408, ['failed', 'provider_refused', '21408', 1]],
  [21608, ['failed', 'provider_refused', '21608', 1]],
  [21612, ['failed', 'provider_refused', '21612', 1]],
  [21617, ['failed', 'provider_refused', '21617', 1]],
  [21620, ['failed', 'provider_refused', '21620', 1]],
  [21623, ['failed', 'provider_refused', '21623', 1]],
];

test('what Twilio refuses is tried once, and the number or the consent follows', async (t) => {
  const { app, twilio, people, send, verdicts } = await start(t);
  await people(codes.map(([code]) => numberFor(code)));
  for (const [code, expected] of codes)
    assert.deepEqual(shown((await verdicts(await send(numberFor(code))))[0] ?? {}), expected, String(code));
  for (const [code, , effect] of codes) {
    const number = numberFor(code);
    const { body } = await app.get(
      `/subscription/status/get?subscription_group_id=${ALERTS}&external_id=${encodeURIComponent(number)}`,
    );
    const other = await app.get(
      `/subscription/status/get?subscription_group_id=${NEWS}&external_id=${encodeURIComponent(number)}`,
    );
    assert.equal(body.status[number], effect === 'opted out' ? 'Unsubscribed' : 'Subscribed', String(code));
    assert.equal(other.body.status[number], 'Subscribed', String(code));
    const invalid = await app.get(`/sms/invalid_phone_numbers?phone_numbers[]=${encodeURIComponent(number)}`);
    assert.equal(invalid.body.sms.length, effect === 'invalid' ? 1 : 0, String(code));
    const [again] = await verdicts(await send(number));
    if (effect === 'invalid') assert.equal(again?.reason, 'invalid_phone');
    if (effect === 'opted out') assert.equal(again?.reason, 'not_in_subscription_group');
  }
  assert.equal(twilio.counts().accepted, 0);
});

test('a temporary failure is retried until it ends, and given up after five attempts', async (t) => {
  const { app, people, send, settle } = await start(t);
  const [soon, never] = [numberFor(503, 1, 2), numberFor(503, 2)];
  await people([soon, never]);
  assert.deepEqual(shown((await settle(await send(soon)))[0] ?? {}), ['sent', null, null, 3]);
  const begun = app.clock.now().getTime();
  assert.deepEqual(shown((await settle(await send(never)))[0] ?? {}), ['failed', 'gave_up', '20503', 5]);
  const took = app.clock.now().getTime() - begun;
  assert.ok(took > minutes(15) && took < minutes(33), `${took} ms`);
});

test('an account that is called too often rests, and then sends', async (t) => {
  const { twilio, people, send, verdicts, settle } = await start(t);
  const number = numberFor(20429, 0, 1);
  await people([number, ADA]);
  const id = await send(number);
  assert.deepEqual(shown((await verdicts(id))[0] ?? {}), ['pending', null, '20429', 0]);
  const other = await send(ADA);
  assert.equal((await verdicts(other))[0]?.status, 'pending');
  assert.equal(twilio.counts().requests, 1);
  for (const one of [id, other]) assert.equal((await settle(one))[0]?.status, 'sent');
});

test('wrong credentials pause the group, which says so, and new ones open it', async (t) => {
  const { app, twilio, people, send, verdicts, settle, apply } = await start(t, { auth_token: 'wrong' });
  await people([ADA]);
  const id = await send(ADA);
  const second = await send(ADA);
  assert.deepEqual(shown((await verdicts(id))[0] ?? {}), ['pending', null, '20003', 0]);
  assert.match(String((await verdicts(second))[0]?.detail), /does not accept our settings/);
  assert.equal(twilio.counts().requests, 1);
  const { accounts } = (await app.get('/subscription/accounts')).body;
  assert.deepEqual(
    accounts.map(({ name, state, cause, reason }: Record<string, unknown>) => [name, state, cause, reason]),
    [
      ['Alerts', 'paused', 'config_error', '20003'],
      ['News', 'open', undefined, undefined],
    ],
  );
  const { problems } = (await app.get('/status')).body;
  assert.deepEqual(
    problems.filter((one: string) => one.includes('Alerts')).map((one: string) => one.split(' (')[0]),
    ['subscription group "Alerts"'],
  );
  await apply({ auth_token: twilio.account.authToken });
  for (const one of [id, second]) assert.equal((await settle(one))[0]?.status, 'sent');
  assert.equal(twilio.counts().accepted, 2);
});

for (const answer of ['lost', 'truncated'])
  test(`a text that Twilio may have is not sent again: ${answer}`, async (t) => {
    const { app, twilio, people, send, verdicts } = await start(t);
    const number = numberFor(answer);
    await people([number]);
    const [verdict] = await verdicts(await send(number));
    assert.deepEqual([verdict?.status, verdict?.reason, verdict?.attempts], ['unknown', 'unknown', 1]);
    app.clock.advance(minutes(60));
    await app.drain();
    assert.equal(twilio.target(number).accepted, 1);
  });

test('an answer that cannot be read is an accepted message without an id', async (t) => {
  const { people, send, verdicts } = await start(t);
  const number = numberFor('garbage');
  await people([number]);
  const [verdict] = await verdicts(await send(number));
  assert.deepEqual([verdict?.status, verdict?.provider_message_id], ['sent', null]);
});

test('long texts: 1,600 characters are 11 segments, which a group must allow; a longer one is refused', async (t) => {
  const { app, twilio, people, send, verdicts, apply } = await start(t);
  await people([ADA]);
  const refusal = async (sms: object) =>
    (await app.post('/messages/send', { external_user_ids: [ADA], messages: { sms: { ...text, ...sms } } })).body
      .errors;
  assert.deepEqual(await refusal({ body: 'a'.repeat(1_600) }), [
    'messages.sms.body: expected at most 10 segments, got 11',
  ]);
  const [late] = await verdicts(await send(ADA, { body: `{{'a'}}${'a'.repeat(1_599)}` }));
  assert.deepEqual([late?.status, late?.reason], ['aborted', 'payload_too_large']);
  await apply({ max_segments: 11 });
  assert.deepEqual(await refusal({ body: 'a'.repeat(1_601) }), [
    'messages.sms.body: expected at most 1600 characters, got 1601',
  ]);
  const [long] = await verdicts(await send(ADA, { body: 'a'.repeat(1_600) }));
  assert.deepEqual([long?.status, long?.detail], ['sent', '11 segments (GSM-7)']);
  const media_items = ['https://a.test/1', { url: 'https://a.test/2' }];
  await send(ADA, { media_items, body: '' });
  assert.deepEqual(twilio.received().at(-1)?.message.mediaUrls, ['https://a.test/1', 'https://a.test/2']);
  assert.deepEqual(await refusal({ media_items: Array(11).fill('https://a.test/x') }), [
    'messages.sms.media_items: expected at most 10 files, got 11',
  ]);
});

test('a dry run says how many segments each text has', async (t) => {
  const { app, people } = await start(t, { smart_encoding: true });
  await people([ADA]);
  const { body } = await app.post('/messages/send', {
    external_user_ids: [ADA],
    messages: { sms: { ...text, body: `${'a'.repeat(159)}…` } },
    cresset: { dry_run: true },
  });
  assert.deepEqual(body.samples[0].message.segments, { encoding: 'GSM-7', count: 2 });
});

test('a broadcast to a mixed audience: every number once, and the books agree', async (t) => {
  const { app, twilio, people, settle } = await start(t);
  const good = Array.from({ length: 60 }, (_, at) => `+14155550${String(200 + at)}`);
  const bad = [numberFor(21211, 1), numberFor(21614, 1), numberFor(21610, 1), numberFor(21408, 1)];
  const slow = [numberFor(503, 5, 1), numberFor('garbage', 5)];
  for (const numbers of [good.slice(0, 40), [...good.slice(40), ...bad, ...slow]]) await people(numbers);
  await app.post('/users/track', { attributes: [{ external_id: 'nobody', phone: '+14155550999' }] });
  const { body } = await app.post('/messages/send', {
    broadcast: true,
    segment_id: EVERYBODY,
    messages: { sms: text },
  });
  await app.drain();
  const counted = Object.groupBy(
    await settle(body.dispatch_id),
    ({ status, reason }: Record<string, unknown>) => `${status} ${reason}`,
  );
  assert.deepEqual(Object.fromEntries(Object.entries(counted).map(([name, ones]) => [name, ones?.length])), {
    'sent null': good.length + slow.length,
    'bounced address_dead': 2,
    'failed provider_refused': 2,
    'skipped not_in_subscription_group': 1,
  });
  const { accepted, distinct, surplus } = twilio.counts();
  assert.deepEqual({ accepted, distinct, surplus }, { accepted: 62, distinct: 62, surplus: 0 });
});

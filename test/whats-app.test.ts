// WhatsApp over Meta's protocol: what Meta receives, and what becomes of a send after each of its answers.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readFaults } from '../src/simulate/faults.ts';
import { numberFor } from '../src/simulate/whats-app/whats-app-answers.ts';
import { until } from './support/push-app.ts';
import {
  ADA,
  CHATS,
  EVERYBODY,
  HOUR,
  OFFERS,
  startWhatsApp,
  template,
  text,
  type Verdict,
} from './support/whats-app.ts';

const shown = ({ status, reason, provider_code, attempts }: Verdict) => [status, reason, provider_code, attempts];
const MINUTE = 60_000;

test('a template goes to Meta with the number of its group, and comes back as delivered', async (t) => {
  const { meta, people, send, verdict } = await startWhatsApp(t);
  await people(ADA);
  const found = await verdict(await send(ADA));
  const [{ message } = { message: null }] = meta.received();
  assert.deepEqual(message?.content, {
    ...{ name: 'order', language: { code: 'en_US' } },
    components: [{ type: 'body', parameters: [{ type: 'text', text: ADA }] }],
  });
  assert.match(String(message?.reference), /^[a-z2-7]{50}$/);
  const { status, address, attempts, provider_message_id: id } = found;
  assert.deepEqual([status, address, attempts, id], ['sent', ADA, 1, message?.wamid]);
  assert.equal(typeof found.feedback?.delivered_at, 'string');
});

/** Each kind of message, and what stands under its type. */
const media = 'https://cdn.example.test/1.png';
const kinds: [what: string, message_type: string, message: object, type: string, part: object][] = [
  ['a text', 'text_response_message', { body: 'Hi', preview_url: true }, 'text', { body: 'Hi', preview_url: true }],
  [
    'a picture',
    'text_image_response_message',
    { image_uri: media, caption: 'c' },
    'image',
    { link: media, caption: 'c' },
  ],
  [
    'quick replies',
    'quick_reply_response_message',
    { body: 'b', header_text: 'h', footer: 'f', buttons: [{ text: 'Yes' }, { text: 'No' }] },
    'interactive',
    { type: 'button', header: { type: 'text', text: 'h' }, body: { text: 'b' }, footer: { text: 'f' } },
  ],
  [
    'a list',
    'list_response_message',
    {
      body: 'b',
      list: { list_button_text: 'Open', list_sections: [{ section_title: 's', list_rows: [{ row_title: 'r' }] }] },
    },
    'interactive',
    {
      type: 'list',
      action: { button: 'Open', sections: [{ title: 's', rows: [{ id: 'r_0_0', title: 'r' }] }] },
    },
  ],
  [
    'a flow',
    'flow_response_message',
    { body: 'b', flow_button: { caption: 'Go', flow_id: '594425479261596' } },
    'interactive',
    { type: 'flow', body: { text: 'b' } },
  ],
  [
    'a carousel',
    'carousel_response_message',
    {
      ...{ body: 'b', carousel_button_type: 'quick_reply' },
      cards: [0, 1].map(() => ({ media_uri: media, media_type: 'image', buttons: ['Yes'] })),
    },
    'interactive',
    { type: 'carousel', body: { text: 'b' } },
  ],
  [
    'a template with cards and a button',
    'template_message',
    {
      ...{ template_name: 't', template_language_code: 'de', button_variables: { '1': 'suffix' } },
      carousel_cards: [0, 1].map(() => ({ header_media_uri: media, header_media_type: 'image' })),
    },
    'template',
    { name: 't', language: { code: 'de' } },
  ],
];

test('Meta takes every kind of message from somebody who just wrote', async (t) => {
  const { meta, people, send, verdict, heard } = await startWhatsApp(t);
  await people(ADA);
  assert.equal(await meta.inbound({ from: ADA, text: 'hello' }), 200);
  await heard();
  for (const [what, message_type, message, type, part] of kinds) {
    const { status, detail } = await verdict(await send(ADA, { message_type, message }));
    assert.equal(status, 'sent', `${what}: ${detail}`);
    const { message: sent } = meta.received().at(-1) ?? assert.fail(what);
    assert.equal(sent.type, type);
    assert.deepEqual({ ...sent.content, ...part }, sent.content, what);
  }
});

test('only a template reaches somebody who did not write within 24 hours', async (t) => {
  const { app, meta, people, send, verdict, settle, heard } = await startWhatsApp(t);
  await people(ADA);
  const early = await verdict(await send(ADA, text));
  assert.deepEqual(shown(early), ['failed', 'outside_window', 'outside_window', 1]);
  assert.match(String(early.detail), /has not written to this number within 24 hours/);
  assert.equal(meta.counts().requests, 0);
  // A callback may come days later: the message's own time counts.
  await meta.inbound({ from: ADA, text: 'hello', at: new Date(app.clock.now().getTime() - 25 * HOUR) });
  const late = await verdict(await send(ADA, text));
  assert.deepEqual(shown(late).slice(0, 2), ['failed', 'outside_window']);
  assert.match(String(late.detail), /the person last wrote at 2026-03-14T11:00:00.000Z/);
  assert.equal((await verdict(await send(ADA))).status, 'sent', 'a template');
  await meta.inbound({ from: ADA, text: 'hello' });
  await heard();
  assert.equal((await verdict(await send(ADA, text))).status, 'sent');
  app.clock.advance(24 * HOUR);
  const last = await send(ADA, text);
  assert.equal((await verdict(last)).reason, 'outside_window');
  await meta.inbound({ from: ADA, text: 'again' });
  assert.equal((await app.post(`/dispatches/${last}/replay`, { statuses: ['failed'] })).status, 201);
  await app.drain();
  assert.equal((await settle(last))[0]?.status, 'sent', 'a replay after the person wrote again');
});

test('without an app secret nobody knows who wrote, and Meta decides', async (t) => {
  const { app, people, send, verdict, apply } = await startWhatsApp(t);
  await apply({ app_secret: undefined });
  await people(ADA);
  const id = await send(ADA, text);
  assert.equal((await verdict(id)).status, 'sent');
  assert.equal((await app.get(`/dispatches/${id}`)).body.state, 'finished');
});

const refusals: [code: number, expected: unknown[]][] = [
  ...[33, 100, 131_008, 131_009, 131_021, 131_030, 131_051, 132_000, 132_001, 132_012, 132_016, 132_068].map(
    (code): [number, unknown[]] => [code, ['failed', 'provider_refused', String(code), 1]],
  ),
];
test('what Meta refuses is tried once, whatever the status', async (t) => {
  const { people, send, verdicts } = await startWhatsApp(t);
  await people(...refusals.map(([code]) => numberFor(code)));
  for (const [code, expected] of refusals) {
    const [verdict] = await verdicts(await send(numberFor(code)));
    assert.deepEqual(shown(verdict ?? {}), expected, String(code));
    assert.match(String(verdict?.detail), new RegExp(`^${code} \\S`));
  }
});

test('service trouble is retried five times within half an hour, then given up', async (t) => {
  const { people, send, settle } = await startWhatsApp(t);
  const [twice, always] = [numberFor(131_016, 0, 2), numberFor(503)];
  await people(twice, always);
  assert.deepEqual(shown((await settle(await send(twice)))[0] ?? {}), ['sent', null, null, 3]);
  assert.deepEqual(shown((await settle(await send(always)))[0] ?? {}), ['failed', 'gave_up', '2', 5]);
});

test('a person who gets too many waits 4^X seconds, and nobody else does', async (t) => {
  const { app, people, send, verdicts } = await startWhatsApp(t);
  const pair = numberFor(131_056, 0, 3);
  await people(pair, ADA);
  const id = await send(pair);
  const waits: number[] = [];
  for (;;) {
    const [verdict] = await verdicts(id);
    if (verdict?.status !== 'pending') {
      assert.deepEqual(shown(verdict ?? {}), ['sent', null, null, 4]);
      break;
    }
    waits.push(Date.parse(String(verdict.next_attempt_at)) - app.clock.now().getTime());
    assert.equal((await verdicts(await send(ADA)))[0]?.status, 'sent', 'others go on');
    app.clock.advance(waits.at(-1) ?? 0);
    await app.drain();
  }
  assert.deepEqual(waits, [1_000, 4_000, 16_000]);
});

test('a number that is too fast slows down: it is called once after a moment, and everybody gets the message once', async (t) => {
  const { app, meta, people, send, settle } = await startWhatsApp(t);
  const crowd = Array.from({ length: 30 }, (_, nth) => `+1415555${String(1_000 + nth)}`);
  await people(...crowd, ADA);
  meta.setFaults(readFaults({ fault: ['130429:100%'] }));
  const first = await send(ADA);
  const { requests } = meta.counts();
  const { body: status } = await app.get('/status');
  assert.match(
    status.problems[0],
    new RegExp(`^subscription group "Chats" \\(${CHATS}\\): its provider wants no more messages for a while \\(130429`),
  );
  const { body } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY },
    messages: { whats_app: { app_id: 'a', subscription_group_id: CHATS, ...template } },
  });
  await app.drain();
  assert.equal(meta.counts().requests, requests, 'nobody is called meanwhile');
  meta.setFaults(readFaults({}));
  await settle(first);
  const verdicts = await settle(body.dispatch_id);
  assert.deepEqual(new Set(verdicts.map(({ status: one }) => one)), new Set(['sent']));
  assert.equal(meta.counts().accepted, crowd.length + 2);
});

test('a wrong token pauses the account, is named in /status, costs no attempt, and is over with a good one', async (t) => {
  const { app, meta, people, send, apply, verdicts } = await startWhatsApp(t);
  await apply({ access_token: 'EAA-wrong' });
  await people(ADA);
  const id = await send(ADA);
  const [waiting] = await verdicts(id);
  assert.deepEqual([waiting?.status, waiting?.attempts, waiting?.provider_code], ['pending', 0, '190']);
  const { body: status } = await app.get('/status');
  const [{ since }] = (await app.get('/subscription/accounts')).body.accounts;
  const sentence = `subscription group "Chats" (${CHATS}): its provider does not accept our settings (190)`;
  const waits = '1 unfinished dispatch (1 person) waits for it';
  assert.deepEqual(status.problems, [`${sentence}; since ${since}; ${waits}`]);
  assert.ok(!JSON.stringify([status, waiting]).includes('EAA-wrong'), 'no secret is shown');
  assert.match(
    (await app.get(`/dispatches/${id}`)).body.failure,
    /^subscription group .* does not accept our settings \(190\)/,
  );
  const { requests } = meta.counts();
  await send(ADA);
  assert.equal(meta.counts().requests, requests, 'nothing is called while it is paused');
  app.clock.advance(5 * MINUTE);
  await app.drain();
  assert.equal(meta.counts().requests, requests + 1, 'one call is a probe');
  await apply();
  await until(async () => {
    app.clock.advance(1_000);
    await app.drain();
    return !['pending', 'sending'].includes(String((await verdicts(id))[0]?.status));
  });
  assert.deepEqual(shown((await verdicts(id))[0] ?? {}), ['sent', null, null, 1]);
  assert.deepEqual((await app.get('/status')).body.problems, []);
});

test('a message that was sent and not answered is unknown, and not sent again; what comes back says what it was', async (t) => {
  const { meta, people, send, verdict } = await startWhatsApp(t);
  const lost = numberFor('lost');
  await people(lost);
  const found = await verdict(await send(lost));
  assert.deepEqual([found.status, found.reason, found.attempts], ['unknown', 'unknown', 1]);
  assert.equal(meta.target(lost).accepted, 1);
  assert.equal(typeof found.feedback?.delivered_at, 'string');
});

test('a template that is held is accepted, fails later, and is not sent again', async (t) => {
  const { meta, people, send, verdict, settle } = await startWhatsApp(t);
  const held = numberFor('held');
  await people(held);
  const id = await send(held);
  const found = await verdict(id);
  assert.deepEqual([found.status, found.detail], ['sent', 'held by Meta for a quality assessment of the template']);
  assert.deepEqual([found.feedback?.code, typeof found.feedback?.failed_at], ['132015', 'string']);
  await settle(id);
  assert.equal(meta.target(held).tries, 1);
});

test('an answer that opts out, and one by a status, unsubscribe from the group of the message alone', async (t) => {
  const { people, send, verdict, stateOf, meta } = await startWhatsApp(t);
  const stopped = numberFor(131_050);
  await people(stopped, numberFor(131_049));
  const found = await verdict(await send(stopped));
  assert.deepEqual([found.status, found.feedback?.code], ['sent', '131050']);
  assert.deepEqual([await stateOf(stopped), await stateOf(stopped, OFFERS)], ['Unsubscribed', 'Subscribed']);
  assert.equal((await verdict(await send(stopped))).reason, 'not_in_subscription_group');
  const withheld = await verdict(await send(numberFor(131_049)));
  assert.equal(withheld.feedback?.code, '131049');
  assert.equal(await stateOf(numberFor(131_049)), 'Subscribed');
  assert.equal(meta.target(numberFor(131_049)).tries, 1);
});

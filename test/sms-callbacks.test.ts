// What Twilio tells of texts, and what people text back: rows of the traps of messages, over HTTP.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import test, { type TestContext } from 'node:test';
import { twilioSignature } from '../src/channels/sms/callbacks/signature.ts';
import { sql } from '../src/db/sql.ts';
import { readFaults } from '../src/simulate/faults.ts';
import { numberFor } from '../src/simulate/twilio/twilio-answers.ts';
import { ADA, ALERTS, EVERYBODY, NEWS, NEWS_NUMBER, startTexts, type Texts, text } from './support/texts.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const BASE = 'https://msg.example.com/twilio';
const PERSON = '+14155550101';
const OURS = '+14155550100';
const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };

interface Post {
  path?: string;
  body?: string;
  signature?: string | null;
  headers?: Record<string, string>;
}

/** Twilio knows the server as https://msg.example.com/twilio, behind a proxy. */
async function behindProxy(t: TestContext) {
  const texts = await startTexts(t, { auth_token: TOKEN, from: OURS, callback_url: BASE });
  const { app } = texts;
  const post = ({ path = '/inbound', body = '', signature = null, headers = FORM }: Post) => {
    const all = { ...headers, ...(signature !== null && { 'x-twilio-signature': signature }) };
    return postRaw(app.url, `/callbacks/sms/${ALERTS}${path}`, body, all);
  };
  const signed = (path: string, fields: Record<string, string>) => {
    const body = new URLSearchParams(fields).toString();
    return post({ path, body, signature: twilioSignature(TOKEN, BASE + path, body) });
  };
  const inbound = (fields: Record<string, string>) =>
    signed('/inbound', { From: PERSON, To: OURS, MessageSid: nextSid(), ...fields });
  const stored = async () => (await app.db.query(sql`select * from feedback_events`)).length;
  return { ...texts, post, signed, inbound, stored };
}

/** Posts to a path as it is, where `fetch` would write its quotes in another way. */
async function postRaw(url: string, path: string, body: string, headers: Record<string, string>) {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, method: 'POST', headers });
  sent.end(body);
  const [response]: IncomingMessage[] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response ?? []) text += chunk;
  const type = response?.headers['content-type'];
  return { status: response?.statusCode, type, body: type?.startsWith('application/json') ? JSON.parse(text) : text };
}

let sids = 0;
function nextSid(): string {
  sids += 1;
  return `SM${String(sids).padStart(32, '0')}`;
}

async function stateOf({ app }: Pick<Texts, 'app'>, number: string, group = ALERTS): Promise<string> {
  const query = `subscription_group_id=${group}&external_id=${encodeURIComponent(number)}`;
  return (await app.get(`/subscription/status/get?${query}`)).body.status[number];
}

const STOP = 'Body=STOP&From=%2B14155550101&MessageSid=SM00000000000000000000000000000001&To=%2B14155550100';
const DIGEST = '?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';
const good: [what: string, post: Post][] = [
  ['a form behind a proxy', { body: STOP, signature: 'k2H4D6DhViVBlI+tT3EJt/EqlCE=' }],
  ['signed with the port', { body: STOP, signature: 'uogUdUgSJVhmigO/INcjXVr/oIk=' }],
  [
    'repeated parameters',
    {
      body: 'Tag=b&Tag=a&Tag=a&From=%2B14155550101&To=%2B14155550100',
      signature: '4knrjRZCEB3CrW6EJGPqfcdQ/rU=',
    },
  ],
  [
    'blanks, empty values and new parameters',
    {
      body: 'Body=+hi++&FromCity=&From=%2B14155550101&To=%2B14155550100&MessageSid=SM00000000000000000000000000000002',
      signature: '9N4PgZJv5xaVfX4Pe9qbqjzq7vU=',
    },
  ],
  [
    'a quote in the query',
    {
      path: "/status?name=O'Hara&b=2",
      body: 'MessageSid=SM00000000000000000000000000000003&MessageStatus=delivered',
      signature: 'leFgF1w/FBfTNOu8Iwd4Gb8yxSY=',
    },
  ],
  [
    'JSON with its digest',
    {
      path: `/status${DIGEST}`,
      body: '{"a":1}',
      signature: 'MmO7kymJuzuVJHhkxfdiOklkJns=',
      headers: { 'content-type': 'application/json' },
    },
  ],
];

test('what Twilio signed is taken and answered with TwiML; the same with a change is refused and stored nowhere', async (t) => {
  const { post, stored } = await behindProxy(t);
  for (const [what, request] of good) {
    const { status, type, body } = await post(request);
    assert.deepEqual([status, type, body], [200, 'text/xml', '<Response></Response>'], what);
  }
  const before = await stored();
  for (const [what, request] of good)
    for (const changed of [
      { ...request, body: request.body?.replace(/.$/, '9') ?? '' },
      { ...request, path: `${request.path ?? '/inbound'}${request.path?.includes('?') ? '&' : '?'}x=1` },
      { ...request, body: '' },
      { ...request, body: `${request.body}&x=1` },
      { ...request, signature: null },
      { ...request, signature: request.signature?.toLowerCase() ?? '' },
      { ...request, signature: `A${request.signature}` },
      { ...request, signature: 'x' },
      { ...request, signature: `${request.signature}, ${request.signature}` },
      { ...request, signature: request.signature?.slice(0, -2) ?? '' },
    ]) {
      const { status, body } = await post(changed);
      assert.deepEqual([status, body.message], [403, 'Invalid signature'], `${what}: ${JSON.stringify(changed)}`);
    }
  assert.equal(await stored(), before);
});

test('a body that is no form is refused without its digest, and nobody calls for a group without an account', async (t) => {
  const { app, post } = await behindProxy(t);
  const json = { 'content-type': 'application/json' };
  const signature = twilioSignature(TOKEN, `${BASE}/status`, '');
  assert.equal((await post({ path: '/status', body: '{"a":1}', signature, headers: json })).status, 403);
  const elsewhere = twilioSignature('', `${BASE}/inbound`, STOP);
  for (const group of ['55555555-5555-4555-8555-555555555555', 'x', encodeURIComponent('../../x'), '%00'])
    assert.equal(
      (
        await app.post(`/callbacks/sms/${group}/inbound`, STOP, {
          key: null,
          headers: { ...FORM, 'x-twilio-signature': elsewhere },
        })
      ).status,
      403,
      group,
    );
  await app.givenWorkspace(`subscription_groups: [{ id: ${ALERTS}, name: Alerts, channel: sms }]`);
  assert.equal((await post({ body: STOP, signature: 'k2H4D6DhViVBlI+tT3EJt/EqlCE=' })).status, 403);
});

test('whatever is in a signed callback, it is answered and never a fault of ours', async (t) => {
  const { signed, inbound, post, told, stored } = await behindProxy(t);
  const odd = ['\u0000', '\ud800', '𝕊'.repeat(2_000), "'; drop table sends; --", '__proto__', '\r\nX: y', '%00%ff'];
  for (const value of odd) {
    for (const name of ['Body', 'From', 'To', 'MessageSid', 'OptOutType', 'NumMedia', 'MessagingServiceSid', value])
      assert.equal((await inbound({ [name]: value })).status, 200, `${name}: ${value}`);
    for (const name of ['MessageSid', 'MessageStatus', 'ErrorCode', 'To'])
      for (const path of [
        '/status',
        `/status/${encodeURIComponent(value.slice(0, 100).toWellFormed())}?media=${encodeURIComponent(value.toWellFormed()).slice(0, 99)}`,
      ])
        assert.equal(
          (await signed(path, { MessageSid: nextSid(), MessageStatus: 'undelivered', [name]: value })).status,
          200,
        );
  }
  await told();
  const before = await stored();
  const again = { MessageSid: nextSid(), Body: 'STOP' };
  for (let times = 0; times < 3; times += 1) await inbound(again);
  assert.equal(await stored(), before + 1, 'a repetition counts once');
  for (const body of ['', '&&&', '=', '%', 'a'.repeat(60_000)])
    assert.equal((await post({ body, signature: `${'A'.repeat(27)}=` })).status, 403);
});

test('a body that is too large is refused before it is read', async (t) => {
  const { post } = await behindProxy(t);
  assert.equal((await post({ body: `Body=${'a'.repeat(70_000)}`, signature: 'x' })).status, 413);
});

test('keywords opt out and in, in any letter case and alone only; other texts change nothing and are kept', async (t) => {
  const texts = await behindProxy(t);
  const { people, inbound, told, app } = texts;
  await people([PERSON]);
  for (const body of ['STOP PLEASE', "please don't stop", 'hello', 'HELP', '']) {
    const { status, type, body: twiml } = await inbound({ Body: body });
    assert.deepEqual([status, type, twiml], [200, 'text/xml', '<Response></Response>'], body);
    await told();
    assert.equal(await stateOf(texts, PERSON), 'Subscribed', body);
  }
  for (const body of ['stOp', 'REVOKE', 'optout', ' Unsubscribe ']) {
    await inbound({ Body: body });
    await told();
    assert.equal(await stateOf(texts, PERSON), 'Unsubscribed', body);
    await inbound({ Body: 'Start' });
    app.clock.advance(1_000);
    await told();
    assert.equal(await stateOf(texts, PERSON), 'Subscribed', body);
  }
});

test('what Advanced Opt-Out did is done here too, and not answered a second time', async (t) => {
  const keywords = [
    { language: 'fr', opt_out: { words: ['ARRET'], reply: 'Au revoir.' }, help: { words: ['AIDE'], reply: 'Aide.' } },
  ];
  const texts = await behindProxy(t);
  const { people, inbound, told, apply } = texts;
  await apply({ keywords });
  await people([PERSON]);
  const help = await inbound({ Body: 'AIDE', OptOutType: 'HELP' });
  assert.equal(help.body, '<Response></Response>');
  await told();
  assert.equal(await stateOf(texts, PERSON), 'Subscribed');
  assert.equal((await inbound({ Body: 'Aide' })).body, '<Response><Message>Aide.</Message></Response>');
  const stop = await inbound({ Body: 'whatever', OptOutType: 'STOP' });
  assert.equal(stop.body, '<Response></Response>');
  await told();
  assert.equal(await stateOf(texts, PERSON), 'Unsubscribed');
  await inbound({ Body: 'x', OptOutType: 'START' });
  await told();
  assert.equal(await stateOf(texts, PERSON), 'Subscribed');
  assert.equal((await inbound({ Body: 'arret' })).body, '<Response><Message>Au revoir.</Message></Response>');
});

test('STOP concerns the groups of the number that was written to, and everybody with the number', async (t) => {
  const texts = await behindProxy(t);
  const { app, people, inbound, told } = texts;
  await people([PERSON]);
  await app.post('/users/track', {
    attributes: [
      {
        ...{ external_id: 'twin', phone: PERSON },
        subscription_groups: [{ subscription_group_id: ALERTS, subscription_state: 'subscribed' }],
      },
    ],
  });
  await inbound({ Body: 'STOP' });
  await told();
  assert.deepEqual([await stateOf(texts, PERSON), await stateOf(texts, 'twin')], ['Unsubscribed', 'Unsubscribed']);
  assert.equal(await stateOf(texts, PERSON, NEWS), 'Subscribed');
  await inbound({ Body: 'STOP', To: NEWS_NUMBER });
  await told();
  assert.equal(await stateOf(texts, PERSON, NEWS), 'Unsubscribed');
});

test('statuses go forward only, and each counts once', async (t) => {
  const texts = await startTexts(t);
  const { app, twilio, people, send, told } = texts;
  const [mute, lost] = [numberFor('mute', 1), numberFor('mute', 2)];
  await people([mute, lost]);
  const feedback = async (id: string) => (await texts.verdicts(id))[0]?.feedback as Record<string, unknown> | null;
  const [one, other] = [await send(mute), await send(lost)];
  const [first, second] = twilio.received().map(({ message }) => message);
  const tell = async (message: typeof first, MessageStatus: string, ErrorCode?: string) =>
    twilio.callback(String(message?.statusCallback), {
      ...{ MessageSid: String(message?.sid), MessageStatus, To: String(message?.to) },
      ...(ErrorCode && { ErrorCode }),
    });
  const answers = [
    await tell(first, 'sent'),
    await tell(first, 'delivered'),
    await tell(first, 'delivered'),
    await tell(first, 'sent'),
    await tell(second, 'undelivered', '30003'),
    await tell(second, 'sent'),
    await tell(second, 'teleported'),
  ];
  assert.deepEqual(answers, Array(7).fill(200));
  await told();
  assert.deepEqual(Object.keys((await feedback(one)) ?? {}), ['delivered_at']);
  const failed = await feedback(other);
  assert.deepEqual([Object.keys(failed ?? {}).includes('failed_at'), failed?.code], [true, '30003']);
  const rows = await app.db.query<{ event_id: string }>(sql`select event_id from feedback_events order by event_id`);
  assert.deepEqual(
    rows.map(({ event_id }) => event_id.split(' ')[1]),
    ['delivered', 'teleported', 'undelivered'],
  );
  const { events } = (await app.get('/message_events?kind=delivered')).body;
  const [verdict] = await texts.verdicts(one);
  assert.deepEqual(
    events.map((event: Record<string, unknown>) => [event.provider_message_id, event.dispatch_id]),
    [[verdict?.provider_message_id, one]],
    "an event has Twilio's id as the verdict has",
  );
});

test('a dead number is marked by a late error, one that is only off is not; a number that refuses pictures is not', async (t) => {
  const texts = await startTexts(t);
  const { app, people, send, told } = texts;
  const [landline, off, picture] = [numberFor(30006, 1), numberFor(30003, 1), numberFor(30006, 2)];
  await people([landline, off, picture]);
  const ids = [await send(landline), await send(off), await send(picture, { media_items: ['https://a.test/x.png'] })];
  await told();
  const invalid = async (number: string) =>
    (await app.get(`/sms/invalid_phone_numbers?phone_numbers[]=${encodeURIComponent(number)}`)).body.sms.length;
  assert.deepEqual([await invalid(landline), await invalid(off), await invalid(picture)], [1, 0, 0]);
  const codes = [];
  for (const id of ids) codes.push(((await texts.verdicts(id))[0]?.feedback as { code: string } | undefined)?.code);
  assert.deepEqual(codes, ['30006', '30003', '30006']);
  const [again] = await texts.verdicts(await send(landline));
  assert.equal(again?.reason, 'invalid_phone');
});

for (const answer of ['early', 'unordered'])
  test(`callbacks that come ${answer === 'early' ? 'before the answer' : 'in the wrong order'} find their send`, async (t) => {
    const texts = await startTexts(t);
    const { people, send, told, twilio } = texts;
    const number = numberFor(answer);
    await people([number]);
    const id = await send(number);
    await told();
    const [verdict] = await texts.verdicts(id);
    assert.equal(verdict?.status, 'sent');
    assert.deepEqual(Object.keys((verdict?.feedback as object | null) ?? {}), ['delivered_at']);
    assert.equal(twilio.target(number).accepted, 1);
  });

test('an unanswered text that Twilio had shows that it arrived, also by a callback to another server', async (t) => {
  const texts = await startTexts(t);
  const { app, people, send, told, apply } = texts;
  const number = numberFor('lost');
  await apply({ callback_url: `${await app.startAnotherServer()}/callbacks/sms/${ALERTS}` });
  await people([number]);
  const id = await send(number);
  await told();
  const [verdict] = await texts.verdicts(id);
  assert.equal(verdict?.status, 'unknown');
  assert.deepEqual(Object.keys((verdict?.feedback as object | null) ?? {}), ['delivered_at']);
});

test('STOP during a broadcast takes effect for everybody whose turn has not come', async (t) => {
  const texts = await startTexts(t);
  const { app, twilio, people, send, told } = texts;
  const crowd = Array.from({ length: 30 }, (_, at) => `+14155550${String(300 + at)}`);
  await people([ADA, ...crowd]);
  await send(ADA);
  await told();
  // The account rests after the first call, so that all others wait.
  twilio.setFaults(readFaults({ fault: ['20429:100%'] }));
  const { body } = await app.post('/messages/send', {
    broadcast: true,
    segment_id: EVERYBODY,
    messages: { sms: text },
  });
  await app.drain();
  const stopped = crowd.slice(0, 5);
  for (const from of stopped) assert.equal((await twilio.inbound({ from, body: 'stop' }))?.status, 200);
  await told();
  twilio.setFaults(readFaults({}));
  const verdicts = await texts.settle(body.dispatch_id);
  await told();
  const sent = verdicts.filter(({ status }) => status === 'sent').map(({ external_id }) => external_id);
  assert.deepEqual(sent.sort(), [ADA, ...crowd.slice(5)].sort());
  for (const number of stopped) {
    const { reason } = verdicts.find(({ external_id }) => external_id === number) ?? {};
    assert.deepEqual([reason, twilio.target(number).accepted], ['not_in_subscription_group', 0]);
  }
});

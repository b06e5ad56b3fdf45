// What Meta posts to us: handshake, signatures, statuses and messages of people.
import assert from 'node:assert/strict';
import test from 'node:test';
import { signatureOf } from '../src/channels/whats-app/callbacks/signature.ts';
import { sql } from '../src/db/sql.ts';
import { numberFor } from '../src/simulate/whats-app/whats-app-answers.ts';
import { ADA, CHATS, HOUR, OFFERS, startWhatsApp, template, text, type WhatsAppWorld } from './support/whats-app.ts';

const path = `/callbacks/whats_app/${CHATS}`;

function post(
  { app, meta }: WhatsAppWorld,
  body: string,
  headers: Record<string, string> = {},
  { at = path, url = app.url } = {},
) {
  return fetch(url + at, {
    method: 'POST',
    headers: { 'x-hub-signature-256': signatureOf(Buffer.from(body), meta.account.appSecret), ...headers },
    body,
  });
}

const change = ({ meta }: WhatsAppWorld, value: object) => ({
  field: 'messages',
  value: { messaging_product: 'whatsapp', metadata: { phone_number_id: meta.account.phoneNumberId }, ...value },
});
const bodyOf = (...changes: object[]) =>
  JSON.stringify({
    object: 'whatsapp_business_account',
    entry: changes.map((one, n) => ({ id: String(n), changes: [one] })),
  });
const seconds = ({ app }: WhatsAppWorld) => String(Math.floor(app.clock.now().getTime() / 1_000));

test('the handshake answers the challenge, as it came and as plain text, to the right token alone', async (t) => {
  const { app, meta } = await startWhatsApp(t);
  const ask = (token: string, mode = 'subscribe', group = CHATS) =>
    fetch(
      `${app.url}/callbacks/whats_app/${group}?hub.mode=${mode}&hub.verify_token=${token}&hub.challenge=1158201444`,
    );
  const good = await ask(meta.account.verifyToken);
  assert.deepEqual([good.status, await good.text()], [200, '1158201444']);
  assert.match(String(good.headers.get('content-type')), /^text\/plain/);
  const token = meta.account.verifyToken;
  for (const [given, mode, group] of [
    ['wrong', 'subscribe', CHATS],
    ['', 'subscribe', CHATS],
    [token, 'unsubscribe', CHATS],
    [token, 'subscribe', OFFERS.replace('0d', '0e')],
    [token, 'subscribe', 'x'],
  ] as const) {
    const refused = await ask(given, mode, group);
    assert.equal(refused.status, 403, `${given} ${mode} ${group}`);
    assert.ok(!(await refused.text()).includes('1158201444'));
  }
});

test('a callback that is not signed over its bytes is refused, and has no effect', async (t) => {
  const world = await startWhatsApp(t);
  await world.people(ADA);
  const { appSecret } = world.meta.account;
  const message = {
    id: 'wamid.x',
    from: ADA.slice(1),
    timestamp: seconds(world),
    type: 'text',
    text: { body: 'STOP' },
  };
  const body = bodyOf(change(world, { messages: [message] }));
  const signature = signatureOf(Buffer.from(body), appSecret);
  const forged: [what: string, body: string, header: string | null, at?: string][] = [
    ['no signature', body, null],
    ['no hexadecimal', body, 'sha256=zz'],
    ['another length', body, `${signature}00`],
    ['cut', body, signature.slice(0, -2)],
    ['another algorithm', body, signature.replace('sha256', 'sha1')],
    ['another secret', body, signatureOf(Buffer.from(body), 'app-secret-2')],
    ['another body', body.replace('STOP', 'stop'), signature],
    ['a cut body', body.slice(0, -1), signature],
    ['a body with a space', `${body} `, signature],
    ['a signature given twice', body, `${signature}, ${signature}`],
    ['no such group', body, signature, `/callbacks/whats_app/${OFFERS.replace('0d', '0e')}`],
    ['no group at all', body, signature, '/callbacks/whats_app/x'],
  ];
  for (const [what, raw, header, at = path] of forged) {
    const response = await fetch(world.app.url + at, {
      method: 'POST',
      headers: header === null ? {} : { 'x-hub-signature-256': header },
      body: raw,
    });
    assert.equal(response.status, 403, what);
  }
  await world.heard();
  assert.deepEqual([await world.events(), await world.stateOf(ADA)], [[], 'Subscribed']);
  await world.apply({ app_secret: undefined });
  assert.equal((await post(world, body)).status, 403, 'without a secret nobody can sign');
});

test('what is signed and malformed is a 4xx or is kept, never a 5xx', async (t) => {
  const world = await startWhatsApp(t);
  for (const [body, status] of [
    ['', 400],
    ['{', 400],
    ['[]', 400],
    ['7', 400],
    [`{"a":${'['.repeat(50)}${']'.repeat(50)}}`, 400],
    ['{}', 200],
    ['{"entry":[{"changes":[{"field":"account_update","value":{"event":"DISABLED_UPDATE"}}]}]}', 200],
    ['{"entry":[{"changes":[{"field":"messages","value":{"statuses":[null,{"id":7}]}}]}]}', 200],
    [`{"entry":[{"changes":[{"field":"x\\u0000","value":{"a":"\\ud83d\\u0000"}}]}]}`, 200],
  ] as const)
    assert.equal((await post(world, body)).status, status, body.slice(0, 80));
  await world.heard();
  const kept = (await world.events()).map(({ kind, detail }) => [kind, detail.field]);
  assert.deepEqual(kept.filter(([, field]) => !String(field).startsWith('x')).sort(), [
    ['unknown', 'account_update'],
    ['unknown', 'entry'],
    ['unknown', 'messages.statuses'],
    ['unknown', 'messages.statuses'],
  ]);
});

test('a thousand statuses in one body of a megabyte are taken, and more than three megabytes are not', async (t) => {
  const world = await startWhatsApp(t);
  const statuses = Array.from({ length: 1_000 }, (_, n) => ({
    ...{ id: `wamid.${n}`, status: 'delivered', timestamp: seconds(world), recipient_id: '14155550101' },
    conversation: { id: 'x'.repeat(900) },
  }));
  const body = bodyOf(change(world, { statuses }));
  assert.ok(body.length > 1_000_000);
  assert.equal((await post(world, body)).status, 200);
  assert.equal((await post(world, body)).status, 200, 'once more');
  const { count } = await world.app.db.one<{ count: number }>(sql`select count(*) as count from feedback_events`);
  assert.equal(count, 1_000);
  assert.equal((await post(world, ' '.repeat(3_145_729))).status, 413);
});

test('all entries, changes, statuses and messages of a callback apply, whatever stands before them', async (t) => {
  const world = await startWhatsApp(t);
  const [ada, ben] = [numberFor('mute', 0), numberFor('mute', 1)];
  await world.people(ada, ben);
  const [first, second] = [await world.send(ada), await world.send(ben)];
  const sent = world.meta.received().map(({ message }) => message);
  const status = (nth: number, name: string) => ({
    ...{ id: sent[nth]?.wamid, status: name, timestamp: seconds(world), recipient_id: '15550000' },
    biz_opaque_callback_data: sent[nth]?.reference,
  });
  const strange = { id: 'wamid.unknown', status: 'delivered', timestamp: seconds(world), recipient_id: ada.slice(1) };
  const reaction = { id: 'wamid.r', from: ada.slice(1), timestamp: seconds(world), type: 'reaction', reaction: {} };
  const unsupported = {
    id: 'wamid.u',
    from: ada.slice(1),
    timestamp: seconds(world),
    type: 'unsupported',
    errors: [{ code: 131051 }],
  };
  const stop = { id: 'wamid.s', from: ben.slice(1), timestamp: seconds(world), type: 'text', text: { body: ' stop ' } };
  const body = bodyOf(
    change(world, { statuses: [strange, status(0, 'delivered')], messages: [reaction, unsupported, stop] }),
    change(world, { statuses: [status(1, 'read')] }),
  );
  assert.equal((await post(world, body)).status, 200);
  await world.heard();
  const feedback = async (id: string) => Object.keys((await world.verdict(id)).feedback ?? {}).sort();
  assert.deepEqual(await feedback(first), ['delivered_at']);
  assert.deepEqual(await feedback(second), ['delivered_at', 'read_at'], 'what is read was delivered');
  assert.deepEqual([await world.stateOf(ben), await world.stateOf(ben, OFFERS)], ['Unsubscribed', 'Unsubscribed']);
  assert.equal(await world.stateOf(ada), 'Subscribed', 'a reaction is no keyword');
  assert.equal((await world.verdict(await world.send(ada, text))).status, 'sent', 'all of them wrote to the number');
});

test('statuses in any order, and twice: read stays read, and delivered counts once', async (t) => {
  const world = await startWhatsApp(t);
  const [unordered, early] = [numberFor('unordered'), numberFor('early')];
  await world.people(unordered, early);
  const [mixed, quick] = [await world.send(unordered), await world.send(early)];
  assert.deepEqual(Object.keys((await world.verdict(mixed)).feedback ?? {}).sort(), ['delivered_at', 'read_at']);
  assert.deepEqual(Object.keys((await world.verdict(quick)).feedback ?? {}), ['delivered_at'], 'before the answer');
  const kinds = (await world.events()).map(({ kind }) => kind).sort();
  assert.deepEqual(kinds, ['delivered', 'delivered', 'read']);
});

test('Meta may name a person by another number, or by an id alone', async (t) => {
  const world = await startWhatsApp(t);
  const rosa = '+525555550123';
  await world.people(rosa, ADA);
  const id = await world.send(rosa);
  assert.equal(typeof (await world.verdict(id)).feedback?.delivered_at, 'string', 'its status names 5215555550123');
  const { meta, events } = world;
  const hidden = 'US.1349000000000001';
  assert.equal(await meta.inbound({ userId: hidden, text: 'hello' }, { from: rosa, text: 'hola' }), 200);
  await world.heard();
  const replies = (await events()).filter(({ kind }) => kind === 'replied');
  assert.deepEqual(
    replies.map(({ address, detail }) => [address, detail.user_id]).sort(),
    [
      [null, hidden],
      [rosa, undefined],
    ].sort(),
  );
  assert.equal((await world.verdict(await world.send(rosa, text))).status, 'sent', 'Rosa opened her window');
  await meta.inbound({ from: rosa, text: 'STOP' });
  await world.heard();
  assert.equal(await world.stateOf(rosa), 'Unsubscribed');
});

test('an answer belongs to the message that it answers, and START joins again', async (t) => {
  const world = await startWhatsApp(t);
  await world.people(ADA);
  const id = await world.send(ADA);
  await world.heard();
  const [{ message } = { message: null }] = world.meta.received();
  const button = { type: 'button', button: { text: 'Stop promotions', payload: 'stop' } };
  await world.meta.inbound({ from: ADA, message: button, answers: message?.wamid ?? '' });
  const { feedback } = await world.verdict(id);
  assert.equal(typeof feedback?.replied_at, 'string');
  assert.deepEqual([await world.stateOf(ADA), await world.stateOf(ADA, OFFERS)], ['Unsubscribed', 'Unsubscribed']);
  for (const [word, state] of [
    ['yes', 'Unsubscribed'],
    ["please don't start", 'Unsubscribed'],
    ['start', 'Subscribed'],
    ['please stop', 'Subscribed'],
    ['UnSubscribe', 'Unsubscribed'],
  ] as const) {
    world.app.clock.advance(1_000);
    await world.meta.inbound({ from: ADA, text: word });
    await world.heard();
    assert.equal(await world.stateOf(ADA), state, word);
  }
});

test('who tells WhatsApp to stop leaves the groups of the number; resuming is kept and joins nothing', async (t) => {
  const world = await startWhatsApp(t);
  await world.people(ADA);
  const preference = (value: string) => ({
    user_preferences: [
      {
        ...{ wa_id: ADA.slice(1), category: 'marketing_messages', value, detail: 'd' },
        timestamp: Number(seconds(world)),
      },
    ],
  });
  for (const value of ['stop', 'resume']) {
    assert.equal(await world.meta.callbacks.tell([preference(value)], 'preference', 'user_preferences'), 200);
    world.app.clock.advance(1_000);
    await world.heard();
    assert.equal(await world.stateOf(ADA), 'Unsubscribed', value);
  }
});

test('131047 by a status closes the window that we believed in', async (t) => {
  const world = await startWhatsApp(t);
  const late = numberFor(131_047);
  await world.people(late);
  await world.meta.inbound({ from: late, text: 'hello' });
  world.app.clock.advance(HOUR);
  const found = await world.verdict(await world.send(late, text));
  assert.deepEqual([found.status, found.feedback?.code], ['sent', '131047']);
  assert.equal((await world.verdict(await world.send(late, text))).reason, 'outside_window');
  assert.equal(world.meta.target(late).tries, 1, 'the same text is never sent again');
});

test('another server takes a late callback, and one whose send is gone keeps what it said', async (t) => {
  const world = await startWhatsApp(t);
  const mute = numberFor('mute');
  await world.people(mute);
  const id = await world.send(mute);
  const [{ message } = { message: null }] = world.meta.received();
  world.app.clock.advance(72 * HOUR);
  const url = await world.app.startAnotherServer();
  const status = {
    ...{ id: message?.wamid, status: 'delivered', timestamp: seconds(world) },
    biz_opaque_callback_data: message?.reference,
  };
  const forged = {
    ...status,
    id: 'wamid.forged',
    biz_opaque_callback_data: `${message?.reference}`.replace(/^./, '7'),
  };
  assert.equal((await post(world, bodyOf(change(world, { statuses: [status, forged] })), {}, { url })).status, 200);
  await world.heard();
  assert.equal(typeof (await world.verdict(id)).feedback?.delivered_at, 'string');
  // Its message may be one whose answer is not yet written, so it is looked for again for an hour.
  for (let turns = 0; turns < 10; turns += 1) {
    world.app.clock.advance(HOUR);
    await world.app.drain();
  }
  const outcomes = (await world.events()).map(({ detail, outcome }) => [detail.message_id, outcome]);
  assert.deepEqual(
    outcomes.sort(),
    [
      [message?.wamid, 'applied'],
      ['wamid.forged', 'no_send'],
    ].sort(),
  );
});

test('a number of another app of the workspace cannot be spoken for', async (t) => {
  const world = await startWhatsApp(t);
  await world.people(ADA);
  const { phoneNumberId: phone_number_id, accessToken: access_token } = world.meta.account;
  const base_url = world.meta.url;
  const other = JSON.stringify({ phone_number_id: '777', access_token, app_secret: 'another-secret', base_url });
  const own = JSON.stringify({ phone_number_id, access_token, app_secret: world.meta.account.appSecret, base_url });
  await world.app.givenWorkspace(`
subscription_groups:
  - { id: ${CHATS}, name: Chats, channel: whatsapp, whatsapp_cloud: ${own} }
  - { id: ${OFFERS}, name: Offers, channel: whatsapp, whatsapp_cloud: ${other} }`);
  const message = {
    id: 'wamid.x',
    from: ADA.slice(1),
    timestamp: seconds(world),
    type: 'text',
    text: { body: 'STOP' },
  };
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: '777' }, messages: [message] };
  assert.equal((await post(world, bodyOf({ field: 'messages', value }))).status, 200);
  await world.heard();
  assert.deepEqual([await world.stateOf(ADA), await world.stateOf(ADA, OFFERS)], ['Subscribed', 'Subscribed']);
  assert.equal((await world.verdict(await world.send(ADA, template))).status, 'sent');
});

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { readCallback, type Said } from '../../channels/whats-app/callbacks/read.ts';
import { isSignedByMeta } from '../../channels/whats-app/callbacks/signature.ts';
import { readFaults } from '../faults.ts';
import { startWhatsAppSimulator, type WhatsAppSimulator } from './whats-app.ts';
import { numberFor } from './whats-app-answers.ts';

/** A server that answers the handshake, checks signatures, and keeps what it is told. */
async function startOurs(t: TestContext, { appSecret, verifyToken }: WhatsAppSimulator['account']) {
  const ours = { url: '', said: [] as Said[], status: 200, handshakes: 0 };
  const server = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://ours');
    if (request.method === 'GET') {
      ours.handshakes += 1;
      const isGood =
        searchParams.get('hub.verify_token') === verifyToken && searchParams.get('hub.mode') === 'subscribe';
      response.writeHead(isGood ? 200 : 403).end(isGood ? searchParams.get('hub.challenge') : '');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const header = String(request.headers['x-hub-signature-256']);
    const status = isSignedByMeta(body, header, appSecret) ? ours.status : 403;
    if (status === 200) ours.said.push(...readCallback(JSON.parse(body.toString())));
    response.writeHead(status).end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  ours.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/whatsapp`;
  return ours;
}

async function start(t: TestContext) {
  const simulator = await startWhatsAppSimulator();
  t.after(() => simulator.stop());
  const ours = await startOurs(t, simulator.account);
  simulator.callbacks.moveTo(ours.url);
  return { simulator, ours };
}

const template = { type: 'template', template: { name: 'order', language: { code: 'en_US' } } };

async function send(
  { url, account }: WhatsAppSimulator,
  message: object,
  { token = account.accessToken, path = '' } = {},
) {
  const response = await fetch(`${url}${path || `/v23.0/${account.phoneNumberId}/messages`}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messaging_product: 'whatsapp', to: '+14155550101', ...template, ...message }),
  });
  const body = (await response.json()) as {
    messages?: { id: string; message_status?: string }[];
    contacts?: { input: string; wa_id: string }[];
    error?: { code: number; error_data: { details: string } };
  };
  return { status: response.status, ...body };
}

const courses = (said: readonly Said[]) =>
  said.map((one) => (one.kind === 'status' ? [one.status, one.code].filter(Boolean).join(' ') : one.kind));

test('a message is accepted, and its statuses come signed, with the reference', async (t) => {
  const { simulator, ours } = await start(t);
  const { status, messages, contacts } = await send(simulator, {
    to: '+525555550123',
    biz_opaque_callback_data: 'ref',
  });
  assert.deepEqual([status, contacts], [200, [{ input: '+525555550123', wa_id: '5215555550123' }]]);
  assert.equal(messages?.[0]?.message_status, 'accepted');
  await simulator.idle();
  assert.deepEqual(courses(ours.said), ['sent', 'delivered']);
  for (const said of ours.said) {
    assert.ok(said.kind === 'status');
    assert.deepEqual([said.wamid, said.reference, said.recipient], [messages?.[0]?.id, 'ref', '5215555550123']);
  }
  const [received] = simulator.received('+525555550123');
  assert.deepEqual(received?.message.content, template.template);
  assert.equal(simulator.counts().answers['statuses taken'], 2);
  assert.equal(ours.handshakes, 1);
});

const text = (body: string) => ({ type: 'text', text: { body } });
const reply = (titles: string[]) => ({
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: 'b' },
    action: { buttons: titles.map((title, n) => ({ type: 'reply', reply: { id: `qr_${n}`, title } })) },
  },
});
const variable = (value: string) => ({
  ...template,
  template: { ...template.template, components: [{ type: 'body', parameters: [{ type: 'text', text: value }] }] },
});

const refused: [what: string, message: object, code: number][] = [
  ['another product', { messaging_product: 'x' }, 131_008],
  ['no recipient', { to: '' }, 131_008],
  ['a recipient that is no number', { to: 'ada' }, 131_009],
  ['the number itself', { to: '+15550100' }, 131_021],
  ['an unknown type', { type: 'hologram' }, 131_051],
  ['a reference of 513 characters', { biz_opaque_callback_data: 'x'.repeat(513) }, 131_009],
  ['a text that is too long', text('x'.repeat(4_097)), 131_009],
  ['an empty text', text(''), 131_008],
  ['a title of 21 characters', reply(['x'.repeat(21)]), 131_009],
  ['two equal titles', reply(['a', 'a']), 131_009],
  ['four buttons', reply(['a', 'b', 'c', 'd']), 131_009],
  ['a line break in a variable', variable('a\nb'), 100],
  ['five spaces in a variable', variable('a     b'), 100],
  ['an empty variable', variable(''), 131_008],
  ['a picture without a URL', { type: 'image', image: { link: 'x' } }, 131_009],
];
for (const [what, message, code] of refused)
  test(`${what} is refused with ${code}`, async (t) => {
    const { simulator } = await start(t);
    const { error } = await send(simulator, message);
    assert.equal(error?.code, code);
    assert.deepEqual([simulator.counts().accepted, simulator.counts().answers], [0, { [code]: 1 }]);
  });

test('another token, and another number, are refused', async (t) => {
  const { simulator } = await start(t);
  const strange = await send(simulator, {}, { token: 'x' });
  assert.deepEqual([strange.status, strange.error?.code], [401, 190]);
  assert.equal((await send(simulator, {}, { path: '/v23.0/1/messages' })).error?.code, 100);
});

test('a text to somebody who has not written is accepted, and fails later', async (t) => {
  const { simulator, ours } = await start(t);
  assert.equal((await send(simulator, text('Hi'))).status, 200);
  await simulator.idle();
  assert.equal(await simulator.inbound({ from: '+14155550101', text: 'hello' }), 200);
  await send(simulator, text('Hi'));
  await simulator.idle();
  assert.deepEqual(courses(ours.said), ['failed 131047', 'message', 'sent', 'delivered']);
});

const asked: [answer: string, statuses: string[]][] = [
  ['131026', ['failed 131026']],
  ['held', ['failed 132015']],
  ['read', ['sent', 'delivered', 'read']],
  ['unordered', ['read', 'delivered', 'sent', 'read']],
  ['mute', []],
];
for (const [answer, statuses] of asked)
  test(`a number that asks for ${answer}: ${statuses.join(', ') || 'nothing'}`, async (t) => {
    const { simulator, ours } = await start(t);
    const { messages } = await send(simulator, { to: numberFor(answer) });
    assert.equal(messages?.[0]?.message_status, answer === 'held' ? 'held_for_quality_assessment' : 'accepted');
    await simulator.idle();
    assert.deepEqual(courses(ours.said), statuses);
  });

test('a number that asks for a refusal twice is accepted then; a share of faults is drawn', async (t) => {
  const { simulator } = await start(t);
  const to = numberFor('131056', 0, 2);
  const codes = [];
  for (let tries = 0; tries < 3; tries += 1) codes.push((await send(simulator, { to })).error?.code);
  assert.deepEqual(codes, [131_056, 131_056, undefined]);
  simulator.setFaults(readFaults({ fault: ['130429:100%'] }));
  assert.deepEqual((await send(simulator, {})).status, 429);
});

test('the statuses of an early answer come before it, and those of a URL without a handshake never', async (t) => {
  const { simulator, ours } = await start(t);
  await send(simulator, { to: numberFor('early') });
  assert.deepEqual(courses(ours.said), ['sent', 'delivered']);
  simulator.callbacks.moveTo(ours.url.replace('/whatsapp', '/x?hub.verify_token=wrong&y='));
  await send(simulator, {});
  await simulator.idle();
  assert.equal(ours.said.length, 2);
  assert.equal(simulator.counts().answers['handshake: 403'], 1);
});

test('a callback that is not taken comes again', async (t) => {
  const { simulator, ours } = await start(t);
  ours.status = 503;
  await send(simulator, {});
  while ((simulator.counts().answers['statuses: 503'] ?? 0) === 0) await new Promise(setImmediate);
  ours.status = 200;
  await simulator.idle();
  assert.deepEqual(courses(ours.said), ['sent', 'delivered']);
});

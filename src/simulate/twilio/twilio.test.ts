import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startControl } from '../control.ts';
import { readFaults } from '../faults.ts';
import { startTwilioSimulator, type TwilioSimulator } from './twilio.ts';
import { numberFor } from './twilio-answers.ts';

interface Posted {
  path: string;
  form: Record<string, string>;
  signature: string | undefined;
}

/** A server that keeps what is posted to it, and answers an empty TwiML. */
async function startOurs(t: TestContext) {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const signature = request.headers['x-twilio-signature'];
    posted.push({
      path: request.url ?? '',
      form: Object.fromEntries(new URLSearchParams(body)),
      signature: typeof signature === 'string' ? signature : undefined,
    });
    response.setHeader('content-type', 'text/xml').end('<Response></Response>');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  return { posted, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function start(t: TestContext) {
  const simulator = await startTwilioSimulator();
  t.after(() => simulator.stop());
  return simulator;
}

async function send(twilio: TwilioSimulator, fields: Record<string, string> | [string, string][], login?: string) {
  const { accountSid, authToken, from } = twilio.account;
  const given = Array.isArray(fields) ? fields : Object.entries(fields);
  const defaults = Object.entries({ To: '+14155550101', From: from, Body: 'Hi' });
  const rest = defaults.filter(([name]) => !given.some(([one]) => one === name));
  const response = await fetch(`${twilio.url}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(login ?? `${accountSid}:${authToken}`).toString('base64')}` },
    body: new URLSearchParams([...rest, ...given].filter(([, value]) => value !== '')),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
  const body: any = await response.json().catch(() => null);
  return { status: response.status, body };
}

test('a good message is accepted once, with an id of its own', async (t) => {
  const twilio = await start(t);
  const [one, other] = [await send(twilio, {}), await send(twilio, { To: '+14155550102' })];
  assert.equal(one.status, 201);
  assert.match(one.body.sid, /^SM[0-9a-f]{32}$/);
  assert.notEqual(one.body.sid, other.body.sid);
  assert.deepEqual([one.body.status, one.body.error_code], ['queued', null]);
  const { accepted, distinct, surplus } = twilio.counts();
  assert.deepEqual({ accepted, distinct, surplus }, { accepted: 2, distinct: 2, surplus: 0 });
});

const wrong: [fields: Record<string, string> | [string, string][], status: number, code: number][] = [
  [{ To: '' }, 400, 21604],
  [{ To: '12' }, 400, 21211],
  [{ From: '' }, 400, 21603],
  [{ From: '+14155550199' }, 400, 21606],
  [{ Body: '' }, 400, 21602],
  [{ Body: 'a'.repeat(1_601) }, 400, 21617],
  [{ MediaUrl: 'ftp://x' }, 400, 21620],
  [Array.from({ length: 11 }, (): [string, string] => ['MediaUrl', 'https://a.test/x']), 400, 21623],
  [{ StatusCallback: 'nowhere' }, 400, 21609],
];
for (const [fields, status, code] of wrong) {
  test(`what Twilio refuses is refused: ${code}`, async (t) => {
    const twilio = await start(t);
    const { status: got, body } = await send(twilio, fields);
    assert.deepEqual([got, body.code], [status, code]);
    assert.equal(twilio.counts().accepted, 0);
  });
}

test('wrong credentials are refused', async (t) => {
  const twilio = await start(t);
  const { status, body } = await send(twilio, {}, `${twilio.account.accountSid}:wrong`);
  assert.deepEqual([status, body.code], [401, 20003]);
});

test('a number asks for an answer, for some tries or for ever', async (t) => {
  const twilio = await start(t);
  const statusOf = async (To: string) => (await send(twilio, { To })).status;
  assert.equal(await statusOf(numberFor(21610)), 400);
  assert.equal(await statusOf(numberFor(503)), 503);
  const twice = numberFor(20429, 0, 2);
  assert.deepEqual([await statusOf(twice), await statusOf(twice), await statusOf(twice)], [429, 429, 201]);
  assert.equal(await statusOf('+15005550001'), 400);
  assert.equal(twilio.counts().accepted, 1);
});

test('status callbacks are signed, and say how a message ended', async (t) => {
  const twilio = await start(t);
  const ours = await startOurs(t);
  await send(twilio, { StatusCallback: `${ours.url}/status/r1?x=1` });
  await send(twilio, { To: numberFor(30006), StatusCallback: `${ours.url}/status/r2` });
  await send(twilio, { To: numberFor('mute'), StatusCallback: `${ours.url}/status/r3` });
  await twilio.idle();
  const told = ours.posted.map(({ path, form }) => [path, form.MessageStatus, form.ErrorCode]).sort();
  assert.deepEqual(told, [
    ['/status/r1?x=1', 'delivered', undefined],
    ['/status/r1?x=1', 'sent', undefined],
    ['/status/r2', 'sent', undefined],
    ['/status/r2', 'undelivered', '30006'],
  ]);
  for (const { path, form, signature } of ours.posted) {
    const text = `${ours.url}${path}${Object.entries(form).sort().flat().join('')}`;
    const expected = createHmac('sha1', twilio.account.authToken).update(text).digest('base64');
    assert.equal(signature, expected);
  }
  assert.equal(twilio.counts().answers['callback delivered: 200'], 1);
});

test('callbacks may come before the answer, and in the wrong order', async (t) => {
  const twilio = await start(t);
  const ours = await startOurs(t);
  await send(twilio, { To: numberFor('early'), StatusCallback: `${ours.url}/status/r1` });
  assert.equal(ours.posted.length, 2);
  await send(twilio, { To: numberFor('unordered'), StatusCallback: `${ours.url}/status/r2` });
  await twilio.idle();
  const late = ours.posted.filter(({ path }) => path === '/status/r2');
  assert.deepEqual(
    late.map(({ form }) => form.MessageStatus),
    ['delivered', 'sent', 'delivered'],
  );
});

test('a text from a person is posted beside the callbacks, and STOP ends what is sent to them', async (t) => {
  const twilio = await start(t);
  const ours = await startOurs(t);
  assert.throws(() => twilio.inbound({ from: '+14155550101', body: 'hello' }), /knows no URL/);
  await send(twilio, { StatusCallback: `${ours.url}/callbacks/status/r1` });
  await twilio.idle();
  const answer = await twilio.inbound({ from: '+14155550101', body: 'Stop' });
  assert.deepEqual(answer, { status: 200, type: 'text/xml', body: '<Response></Response>' });
  const { path, form } = ours.posted.at(-1) ?? {};
  assert.deepEqual([path, form?.Body, form?.To], ['/callbacks/inbound', 'Stop', twilio.account.from]);
  assert.equal((await send(twilio, {})).body.code, 21610);
  await twilio.inbound({ from: '+14155550101', body: 'start' });
  assert.equal((await send(twilio, {})).status, 201);
});

test('another process has texts posted by the control', async (t) => {
  const twilio = await start(t);
  const ours = await startOurs(t);
  const control = await startControl({ host: '127.0.0.1', port: 0, simulators: { twilio } });
  t.after(() => control.stop());
  const ask = async (body: object) =>
    (await fetch(`${control.url}/__sim/inbound`, { method: 'POST', body: JSON.stringify(body) })).status;
  const text = { from: '+14155550101', body: 'AIDE', opt_out_type: 'HELP' };
  assert.equal(await ask(text), 400);
  await send(twilio, { StatusCallback: `${ours.url}/status/r1` });
  assert.equal(await ask(text), 202);
  assert.equal(await ask({ from: 1 }), 400);
  await twilio.idle();
  assert.deepEqual(
    ours.posted.flatMap(({ form }) => form.OptOutType ?? []),
    ['HELP'],
  );
});

test('a share of faults is drawn, and every answer has a number that asks for it', async (t) => {
  const twilio = await start(t);
  twilio.setFaults(readFaults({ fault: ['20429:100%:retry-after=3'] }));
  assert.equal((await send(twilio, {})).status, 429);
  twilio.setFaults(readFaults({}));
  assert.equal((await send(twilio, { To: numberFor('garbage') })).body, null);
  assert.equal((await send(twilio, { To: numberFor('html') })).status, 502);
});

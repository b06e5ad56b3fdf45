// What the headers of a webhook look like on the wire, and what is never tried.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startTestApp } from './support/app.ts';

async function start(t: TestContext) {
  const received: string[][] = [];
  const server = createServer((request, response) => {
    received.push(request.rawHeaders);
    request.resume().once('end', () => response.end());
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const app = await startTestApp(t);
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["${host}"] }`);
  const send = async (first_name: string, request_headers: object, cresset = {}) => {
    await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name }] });
    const webhook = { url: `http://${host}/`, request_method: 'POST', body: 'x', request_headers };
    const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook }, cresset });
    await app.drain();
    const { body: answer } = await app.get(`/dispatches/${body.dispatch_id}/recipients`);
    const { status, reason, attempts } = answer.recipients[0];
    return { status, reason, attempts };
  };
  return { received, send };
}

const named = (headers: readonly string[], wanted: string) =>
  headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === wanted);

test('a header that cannot be sent ends the message at once, whoever its value came from', async (t) => {
  const { received, send } = await start(t);
  for (const control of ['\u0001', '\u001b', '\u007f', '\n'])
    for (const cresset of [{}, { delivery: 'at_most_once' }])
      assert.deepEqual(await send(`a${control}b`, { 'X-Name': '{{${first_name}}}' }, cresset), {
        status: 'aborted',
        reason: 'aborted',
        attempts: 0,
      });
  assert.equal(received.length, 0);
  assert.equal((await send('a\tZoë 🎉', { 'X-Name': '{{${first_name}}}' })).status, 'sent');
});

test('a header of the caller replaces ours of the same name in any letter case', async (t) => {
  const { received, send } = await start(t);
  await send('a', { 'User-Agent': 'acme/1', 'X-DISPATCH-ID': 'mine', 'CONTENT-type': 'text/x', accept: '*/*' });
  await send('a', {});
  const [theirs = [], ours = []] = received;
  assert.deepEqual(named(theirs, 'user-agent'), ['acme/1']);
  assert.deepEqual(named(theirs, 'x-dispatch-id'), ['mine']);
  assert.deepEqual(named(theirs, 'content-type'), ['text/x']);
  assert.match(String(named(ours, 'user-agent')), /^Cresset\//);
  assert.equal(named(ours, 'x-dispatch-id').length, 1);
});

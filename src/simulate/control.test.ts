import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { http2Session, post } from '../../test/support/http2-client.ts';
import { startApnsSimulator } from './apns/apns.ts';
import { apnsToken } from './apns/apns-tokens.ts';
import { makeCertificate } from './certificate.ts';
import { startControl } from './control.ts';
import { FaultError, readFaults } from './faults.ts';
import { signJwt } from './jwt.ts';
import { startWebPushSimulator } from './web-push/web-push.ts';

async function started(t: TestContext) {
  const tls = makeCertificate();
  const apns = await startApnsSimulator({ tls });
  const webPush = await startWebPushSimulator();
  const control = await startControl({ host: '127.0.0.1', port: 0, simulators: { apns, 'web-push': webPush } });
  t.after(async () => {
    for (const one of [control, apns, webPush]) await one.stop();
  });
  const [key] = apns.keys;
  assert.ok(key);
  const claims = { iss: key.teamId, iat: Math.floor(Date.now() / 1_000) };
  const authorization = `bearer ${signJwt({ alg: 'ES256', kid: key.keyId }, claims, key.key)}`;
  const session = http2Session(t, apns.url, { ca: tls.cert });
  const send = (name: string) =>
    post(session, `/3/device/${apnsToken(name)}`, { authorization, 'apns-topic': 'com.acme.app' }, { aps: {} });
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${control.url}/__sim/${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    return { status: answer.status, text: await answer.text() };
  };
  return { send, ask, apns, tls };
}

test('another process reads exact counts, targets and messages, and resets them', async (t) => {
  const startedAt = Date.now();
  const { send, ask } = await started(t);
  for (const name of ['ada', 'bob', 'ada']) assert.equal((await send(name)).status, 200);
  const counts = JSON.parse((await ask('GET', 'counts')).text);
  assert.deepEqual(Object.keys(counts), ['apns', 'web-push']);
  const { accepted, distinct, doubled, surplus } = counts.apns;
  assert.deepEqual({ accepted, distinct, doubled, surplus }, { accepted: 3, distinct: 2, doubled: 1, surplus: 1 });
  const twice = await ask('GET', 'targets?provider=apns&accepted=2');
  const [line = '', ...more] = twice.text.trim().split('\n');
  const [at = '', ...rest] = line.split('\t').reverse();
  assert.deepEqual([rest.reverse(), more], [['apns', '2', '2', apnsToken('ada')], []]);
  assert.ok(Date.parse(at) >= startedAt && Date.parse(at) <= Date.now(), at);
  assert.equal((await ask('GET', `targets?target=${apnsToken('ada')}`)).text, twice.text);
  assert.equal((await ask('GET', `targets?target=${apnsToken('nobody')}`)).text, '');
  const received = JSON.parse((await ask('GET', `received?provider=apns&target=${apnsToken('bob')}`)).text);
  assert.deepEqual(received.apns[0].message.payload, { aps: {} });
  assert.equal((await ask('POST', 'reset?provider=apns')).status, 200);
  assert.equal(JSON.parse((await ask('GET', 'counts?provider=apns')).text).apns.accepted, 0);
});

test('faults are set and removed at run time, and malformed ones are refused', async (t) => {
  const { send, ask } = await started(t);
  const set = (body: object) => ask('POST', 'faults?provider=apns', body);
  assert.equal((await set({ fault: ['503:100%'], latency: '1-2' })).status, 200);
  assert.equal((await send('ada')).status, 503);
  assert.equal((await set({})).status, 200);
  assert.equal((await send('ada')).status, 200);
  const bad = [
    { fault: ['nothing:5%'] },
    { fault: ['503:500%'] },
    { latncy: 1 },
    { fault: ['503:60%', '500:60%'] },
    [],
  ];
  for (const body of bad) assert.equal((await set(body)).status, 400, JSON.stringify(body));
  assert.equal((await ask('POST', 'nonsense')).status, 404);
  assert.equal((await ask('GET', 'counts?provider=sms')).status, 404);
});

const unreadable = ['503', '503:5', '503:101%', '5 3:5%', '503:5%:retry=1', '503:5%:retry-after=1:x'];
for (const text of unreadable) {
  test(`the fault ${text} is refused`, () => {
    assert.throws(() => readFaults({ fault: [text] }), FaultError);
  });
}

test('only a client that is given the certificate trusts it, and only for the loopback names', async (t) => {
  const { apns, tls } = await started(t);
  const { port } = new URL(apns.url);
  const shake = (options: object) =>
    new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), ALPNProtocols: ['h2'], ...options }, () => {
        resolve(String(socket.alpnProtocol));
        socket.destroy();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    });
  assert.equal(await shake({ ca: tls.cert }), 'h2');
  assert.equal(await shake({ ca: tls.cert, servername: 'localhost' }), 'h2');
  assert.match(await shake({ ca: tls.cert, servername: 'push.example' }), /ERR_TLS_CERT_ALTNAME_INVALID/);
  assert.match(await shake({}), /SELF_SIGNED/);
});

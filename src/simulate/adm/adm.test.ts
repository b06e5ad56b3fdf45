import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { nameFor } from '../target-names.ts';
import { type AdmOptions, type AdmSimulator, startAdmSimulator } from './adm.ts';

async function started(t: TestContext, options: AdmOptions = {}): Promise<AdmSimulator> {
  const adm = await startAdmSimulator({ clientId: 'id', clientSecret: 'secret', ...options });
  t.after(() => adm.stop());
  return adm;
}

async function askForToken(adm: AdmSimulator, change: Record<string, string> = {}) {
  const form = { grant_type: 'client_credentials', scope: 'messaging:push', client_id: 'id', client_secret: 'secret' };
  const body = new URLSearchParams({ ...form, ...change });
  const answer = await fetch(adm.tokenUrl, { method: 'POST', body });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function connected(t: TestContext, options: AdmOptions = {}) {
  const adm = await started(t, options);
  const { body } = await askForToken(adm);
  const headers: Record<string, string> = {
    authorization: `Bearer ${String(body.access_token)}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'x-amzn-type-version': 'com.amazon.device.messaging.ADMMessage@1.0',
    'x-amzn-accept-type': 'com.amazon.device.messaging.ADMSendResult@1.0',
  };
  const send = async (message: object | string, id = 'ada', change: Record<string, string> = {}) => {
    const answer = await fetch(`${adm.url}/messaging/registrations/${encodeURIComponent(id)}/messages`, {
      method: 'POST',
      headers: { ...headers, ...change },
      body: typeof message === 'string' ? message : JSON.stringify(message),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, json: text === '' ? null : JSON.parse(text) };
  };
  return { adm, send };
}

test('a message with an access token is accepted, and its id is echoed', async (t) => {
  const { adm, send } = await connected(t);
  const message = { data: { t: 'Hi' }, consolidationKey: 'k'.repeat(64), expiresAfter: 2_678_400 };
  const { status, headers, json } = await send(message, 'amzn1.adm:ada/+');
  assert.deepEqual([status, json], [200, { registrationID: 'amzn1.adm:ada/+' }]);
  assert.match(headers.get('x-amzn-requestid') ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(adm.received()[0]?.message, { registrationId: 'amzn1.adm:ada/+', ...message });
});

const badForms: [Record<string, string>, number, string][] = [
  [{ client_secret: 'guess' }, 401, 'invalid_client'],
  [{ client_id: 'eve' }, 401, 'invalid_client'],
  [{ scope: 'profile' }, 400, 'invalid_scope'],
  [{ grant_type: 'password' }, 400, 'unsupported_grant_type'],
];
for (const [change, status, error] of badForms) {
  test(`a token request with ${JSON.stringify(change)} gets ${status} ${error}`, async (t) => {
    const answer = await askForToken(await started(t), change);
    assert.deepEqual([answer.status, answer.body.error], [status, error]);
  });
}

const data = { t: 'Hi' };
const refusals: [string, object | string, Record<string, string>, number, string][] = [
  ['a number in data', { data: { n: 5 } }, {}, 400, 'InvalidData'],
  ['no data and no key', {}, {}, 400, 'InvalidData'],
  ['an unknown member', { data, ttl: 5 }, {}, 400, 'InvalidData'],
  ['text that is not JSON', '{', {}, 400, 'InvalidData'],
  ['a key of 65 characters', { data, consolidationKey: 'k'.repeat(65) }, {}, 400, 'InvalidConsolidationKey'],
  ['an expiry of 59 seconds', { data, expiresAfter: 59 }, {}, 400, 'InvalidExpiration'],
  ['an expiry of 32 days', { data, expiresAfter: 2_764_800 }, {}, 400, 'InvalidExpiration'],
  ['a wrong checksum', { data, md5: 'AAAA' }, {}, 400, 'InvalidChecksum'],
  ['6,145 octets of data', { data: { k: 'x'.repeat(6_144) } }, {}, 413, 'MessageTooLarge'],
  ['a body of 200,000 octets', { data: { k: 'x'.repeat(200_000) } }, {}, 413, 'MessageTooLarge'],
  ['another type version', { data }, { 'x-amzn-type-version': 'x' }, 400, 'InvalidType'],
  ['another content type', { data }, { 'content-type': 'text/plain' }, 400, 'InvalidType'],
  ['an unknown access token', { data }, { authorization: 'Bearer x' }, 401, 'AccessTokenExpired'],
];
for (const [what, message, headers, status, reason] of refusals) {
  test(`a message with ${what} gets ${status} ${reason}`, async (t) => {
    const { adm, send } = await connected(t);
    const answer = await send(message, 'ada', headers);
    assert.deepEqual([answer.status, answer.json.reason], [status, reason]);
    assert.equal(adm.counts().accepted, 0);
  });
}

test('6,144 octets of data are accepted, and so is a consolidation key without data', async (t) => {
  const { send } = await connected(t);
  assert.equal((await send({ data: { k: 'x'.repeat(6_143) } })).status, 200);
  assert.equal((await send({ consolidationKey: 'sync' })).status, 200);
});

const rows: [string, number, string | undefined][] = [
  ['Unregistered', 400, 'Unregistered'],
  ['InvalidRegistrationId', 400, 'InvalidRegistrationId'],
  ['InvalidData', 400, 'InvalidData'],
  ['InvalidConsolidationKey', 400, 'InvalidConsolidationKey'],
  ['InvalidExpiration', 400, 'InvalidExpiration'],
  ['InvalidChecksum', 400, 'InvalidChecksum'],
  ['InvalidType', 400, 'InvalidType'],
  ['AccessTokenExpired', 401, 'AccessTokenExpired'],
  ['MessageTooLarge', 413, 'MessageTooLarge'],
  ['MaxRateExceeded', 429, 'MaxRateExceeded'],
  ['500', 500, undefined],
  ['503', 503, undefined],
];
test('every answer in the table can be asked for by name', async (t) => {
  const { adm, send } = await connected(t);
  for (const [name, status, reason] of rows) {
    const answer = await send({ data }, nameFor(name, 'ada', { retryAfterSeconds: 9 }));
    assert.deepEqual([answer.status, answer.json.reason, answer.headers.get('retry-after')], [status, reason, '9']);
  }
  assert.equal(adm.counts().accepted, 0);
  assert.deepEqual((await send({ data }, 'sim-moved-ada')).json, { registrationID: 'moved.sim-moved-ada' });
});

test('network faults work over HTTP/1.1, too', async (t) => {
  const { adm, send } = await connected(t);
  await assert.rejects(send({ data }, 'sim-reset-ada'));
  await assert.rejects(send({ data }, 'sim-close-ada'));
  assert.equal(adm.counts().accepted, 0);
  await assert.rejects(send({ data }, 'sim-lost-ada'));
  await assert.rejects(send({ data }, 'sim-truncated-ada'));
  assert.equal(adm.counts().accepted, 2);
});

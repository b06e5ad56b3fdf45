import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { untold } from '../../../test/support/untold.ts';
import { type Reply, startTestService } from '../../../test/support/web-push.ts';
import type { Push } from '../push/sender.ts';
import { createAdmSender } from './deliver.ts';
import type { RenderedKindlePush } from './render.ts';
import type { AdmSettings } from './settings.ts';

const never = new AbortController().signal;
const rendered: RenderedKindlePush = {
  title: 'T',
  body: 'B',
  message: { data: { _ab: 'true', t: 'T', a: 'B' }, consolidationKey: 'k', expiresAfter: 2_678_400 },
};
const accepted: Reply = { status: 200, headers: { 'x-amzn-requestid': 'r' }, body: '{"registrationID":"amzn1.ada/+"}' };

async function start(t: TestContext, settings: Partial<AdmSettings> = {}) {
  const clock = new TestClock();
  const amazon = await startTestService(t);
  const api = await startTestService(t);
  let tokens = 0;
  amazon.replies = [
    () => {
      tokens += 1;
      return {
        status: 200,
        body: JSON.stringify({ access_token: `Atc|${tokens}`, expires_in: 3_600, token_type: 'bearer' }),
      };
    },
  ];
  api.replies = [accepted];
  const sender = createAdmSender({
    settings: {
      client_id: 'the id',
      client_secret: 'a&b',
      base_url: `${api.url}/adm/`,
      token_url: `${amazon.url}/auth/O2/token`,
      ...settings,
    },
    clock,
  });
  t.after(() => sender.close());
  const deliver = (change: Partial<Push<RenderedKindlePush>> = {}) => {
    const now = clock.now();
    const push = { rendered, token: 'amzn1.ada/+', registeredAt: now, acceptedAt: now, environment: null, pushId: 'p' };
    return untold(sender.deliver({ ...push, ...change }, never));
  };
  return { clock, amazon, api, deliver };
}

test('a message reaches ADM as documented', async (t) => {
  const { amazon, api, deliver } = await start(t);
  assert.deepEqual(await deliver(), { kind: 'accepted', providerId: 'r' });
  const [asked] = amazon.received;
  assert.equal(asked?.path, '/auth/O2/token');
  assert.equal(
    asked?.body.toString(),
    'grant_type=client_credentials&scope=messaging%3Apush&client_id=the+id&client_secret=a%26b',
  );
  const [sent] = api.received;
  assert.equal(sent?.path, '/adm/messaging/registrations/amzn1.ada%2F%2B/messages');
  assert.equal(sent?.headers.authorization, 'Bearer Atc|1');
  assert.equal(sent?.headers['content-type'], 'application/json');
  assert.equal(sent?.headers.accept, 'application/json');
  assert.equal(sent?.headers['x-amzn-type-version'], 'com.amazon.device.messaging.ADMMessage@1.0');
  assert.equal(sent?.headers['x-amzn-accept-type'], 'com.amazon.device.messaging.ADMSendResult@1.0');
  assert.deepEqual(JSON.parse(String(sent?.body)), rendered.message);
});

test('one token is used for all messages until five minutes before it expires', async (t) => {
  const { clock, amazon, deliver } = await start(t);
  await Promise.all(Array.from({ length: 50 }, () => deliver()));
  clock.advance(3_300_000 - 1);
  await deliver();
  assert.equal(amazon.received.length, 1);
  clock.advance(1);
  await Promise.all([deliver(), deliver()]);
  assert.equal(amazon.received.length, 2);
});

test('a refused token is replaced once, then the settings are wrong', async (t) => {
  const { amazon, api, deliver } = await start(t);
  const refused = { status: 401, body: '{"reason":"AccessTokenExpired"}' };
  api.replies = [refused, accepted];
  assert.equal((await deliver()).kind, 'accepted');
  assert.deepEqual(
    api.received.map(({ headers }) => headers.authorization),
    ['Bearer Atc|1', 'Bearer Atc|2'],
  );
  api.replies = [refused];
  assert.deepEqual(await deliver(), { kind: 'config_error', reason: 'AccessTokenExpired' });
  assert.equal(api.received.length, 4);
  assert.equal(amazon.received.length, 3);
});

test('without a token nothing is sent, and the next message asks for one again', async (t) => {
  const { amazon, api, deliver } = await start(t);
  const good = amazon.replies[0] ?? { status: 500 };
  amazon.replies = [{ status: 401, body: '{"error":"invalid_client"}' }, () => 'reset', good];
  assert.deepEqual(await deliver(), { kind: 'config_error', reason: 'token invalid_client' });
  assert.equal((await deliver()).kind, 'retry');
  assert.deepEqual(api.received, []);
  assert.equal((await deliver()).kind, 'accepted');
});

test('the outcome has the device’s new registration id', async (t) => {
  const { api, deliver } = await start(t);
  api.replies = [{ status: 200, body: '{"registrationID":"amzn1.new"}' }];
  assert.deepEqual(await deliver(), { kind: 'accepted', providerId: null, newToken: 'amzn1.new' });
});

test('ADM stores a message as long as the app’s settings say, counted from acceptance', async (t) => {
  const { clock, api, deliver } = await start(t, { expires_after: 600 });
  const acceptedAt = clock.now();
  await deliver({ acceptedAt });
  clock.advance(100_000);
  await deliver({ acceptedAt });
  clock.advance(480_000);
  await deliver({ acceptedAt });
  clock.advance(20_000);
  assert.deepEqual(await deliver({ acceptedAt }), { kind: 'expired' });
  const kept = api.received.map(({ body }) => JSON.parse(body.toString()).expiresAfter);
  assert.deepEqual(kept, [600, 500, 60]);
});

test('every answer and failure of ADM has an outcome', async (t) => {
  const { api, deliver } = await start(t);
  api.replies = [
    () => 'reset',
    { status: 200, body: Buffer.alloc(100_000, 'x') },
    { status: 302, headers: { location: '/x' } },
  ];
  const kinds = [await deliver(), await deliver(), await deliver(), await deliver({ token: '\ud800' })].map(
    ({ kind }) => kind,
  );
  assert.deepEqual(kinds, ['retry', 'accepted', 'failed', 'bounced']);
});

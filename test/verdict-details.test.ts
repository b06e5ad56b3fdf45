// A verdict says why: the words of mail relays and webhooks, where a connection failed, which cap is reached, which rule of
// ours refused.
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { startMailServer } from './support/mail-server.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const FREE = '22222222-2222-4222-8222-222222222222';
const email = { app_id: APP, from: 'Acme <hello@acme.test>', subject: 'Hi', body: '<p>Hi</p>' };

async function startWorld(t: TestContext, settings: string): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`apps: [{ id: ${APP}, name: Acme, platform: ios }]\n${settings}`);
  const attributes = [{ external_id: 'ada', email: 'ada@example.test' }];
  assert.equal((await app.post('/users/track', { attributes })).status, 201);
  return app;
}

interface Shown {
  status: string;
  reason: string | null;
  provider_code: string | null;
  detail: string | null;
}

async function verdictOf(app: TestApp, messages: object, more: object = {}): Promise<Shown> {
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages, ...more });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const [verdict] = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients;
  return {
    status: verdict.status,
    reason: verdict.reason,
    provider_code: verdict.provider_code,
    detail: verdict.detail,
  };
}

async function startServer(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Host and port of a server that is gone. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `127.0.0.1:${port}`;
}

test('a mail relay’s answer is told as it is', async (t) => {
  const relay = await startMailServer(t);
  const app = await startWorld(t, `email: { smtp: { url: "${relay.url}" } }`);
  const say = (responseCode: number, text: string) => {
    relay.refuse = () => Object.assign(new Error(text), { responseCode });
  };
  say(554, '5.7.1 Message rejected: your IP is listed at zen.example, see https://zen.example/q');
  assert.deepEqual(await verdictOf(app, { email }), {
    status: 'failed',
    reason: 'provider_refused',
    provider_code: '554 5.7.1',
    detail: '554 5.7.1 Message rejected: your IP is listed at zen.example, see https://zen.example/q',
  });
  say(451, '4.7.1 Greylisted, come back later');
  const waiting = await verdictOf(app, { email });
  assert.deepEqual([waiting.status, waiting.detail], ['pending', '451 4.7.1 Greylisted, come back later']);
  const [{ waits }] = (await app.get('/dispatches?state=sending')).body.dispatches;
  assert.equal(waits[0].why, 'waiting for another attempt');
  assert.ok(Date.parse(waits[0].until) > app.clock.now().getTime(), waits[0].until);
  say(550, '5.1.1 No such mailbox');
  const bounced = await verdictOf(app, { email });
  assert.deepEqual([bounced.status, bounced.detail], ['bounced', '550 5.1.1 No such mailbox']);
});

test('a relay that is down is told with its host and port, and with its name if there are several', async (t) => {
  const [one, other] = [await closedPort(), await closedPort()];
  const app = await startWorld(t, `email: { smtp: { url: "smtp://${one}" } }`);
  assert.equal(
    (await verdictOf(app, { email })).detail,
    `mail relay ${one} does not answer (${one}: connect ECONNREFUSED ${one}); what waits goes out once it does`,
    'the same is said once',
  );
  await app.givenWorkspace(
    `email: { smtp: [{ name: main, url: "smtp://${one}" }, { name: spare, url: "smtp://${other}" }] }`,
  );
  const { detail } = await verdictOf(app, { email });
  for (const [name, host] of [
    ['main', one],
    ['spare', other],
  ])
    assert.ok(
      detail?.includes(`mail relay ${name} does not answer (${host}: connect ECONNREFUSED ${host})`),
      detail ?? '',
    );
  assert.doesNotMatch(detail ?? '', /before that/);
});

test('a webhook’s status and the beginning of its answer are told, without what we sent as a secret', async (t) => {
  const host = await startServer(t, (request, response) => {
    const echo = `no such hook for ${request.headers['x-api-key']} at ${request.url}\n${'x'.repeat(5_000)}`;
    response.writeHead(request.url?.startsWith('/busy') ? 503 : 404).end(echo);
  });
  const gone = await closedPort();
  const app = await startWorld(t, `webhook: { deliver: true, allow: ["${host}", "${gone}"] }`);
  const hook = {
    url: `http://${host}/a?key=open-sesame`,
    request_method: 'POST',
    request_headers: { 'X-Api-Key': 'k-12345' },
  };
  const failed = await verdictOf(app, { webhook: hook });
  assert.deepEqual([failed.status, failed.reason, failed.provider_code], ['failed', 'provider_refused', '404']);
  assert.ok(failed.detail?.startsWith('404 no such hook for (masked) at /a?key=(masked) xxx'), failed.detail ?? '');
  assert.equal(failed.detail?.length, 500);
  const busy = await verdictOf(app, { webhook: { ...hook, url: `http://${host}/busy` } });
  assert.deepEqual([busy.status, busy.detail?.slice(0, 16)], ['pending', '503 no such hook']);
  const down = await verdictOf(app, { webhook: { ...hook, url: `http://${gone}/` } });
  assert.deepEqual([down.status, down.detail], ['pending', `ECONNREFUSED ${gone}`]);
});

test('the answers after which a webhook was tried again stay, with their times, at most five of them', async (t) => {
  const answers: [status: number, text: string][] = [];
  const host = await startServer(t, (_request, response) => {
    const [status, text] = answers.shift() ?? [200, 'thanks'];
    response.writeHead(status).end(text);
  });
  const app = await startWorld(t, `webhook: { deliver: true, allow: ["${host}"] }`);
  const webhook = { url: `http://${host}/`, request_method: 'POST' };
  const shown = async () => (await app.get('/users/ada/messages?limit=1')).body.messages[0];
  const tryAgain = async () => {
    for (let message = await shown(); message.status === 'pending'; message = await shown()) {
      app.clock.advance(Date.parse(message.next_attempt_at) - app.clock.now().getTime());
      await app.drain();
    }
  };

  answers.push([503, 'busy'], [500, 'x'.repeat(5_000)]);
  await verdictOf(app, { webhook });
  const [first, ...none] = (await shown()).retried_after;
  assert.deepEqual([first, none], [{ at: '2026-03-15T12:00:00.000Z', provider_code: '503', detail: '503 busy' }, []]);
  await tryAgain();
  const sent = await shown();
  assert.deepEqual([sent.status, sent.attempts, sent.detail, sent.provider_code], ['sent', 3, null, null]);
  const [again, second] = sent.retried_after;
  assert.deepEqual(again, first, 'the first answer is kept as it was');
  assert.equal(second.provider_code, '500');
  assert.match(second.detail, /^500 x{100,}/);
  assert.ok(second.detail.length <= 200 && second.at > first.at, JSON.stringify(second));
  const { body } = await app.get(`/dispatches/${sent.dispatch_id}/recipients`);
  assert.deepEqual(body.recipients[0].retried_after, sent.retried_after, 'the dispatch says the same');

  app.clock.advance(1_000);
  assert.equal((await verdictOf(app, { webhook })).status, 'sent');
  assert.equal((await shown()).retried_after, undefined, 'a send that went out at once has none');

  app.clock.advance(1_000);
  answers.push(...[1, 2, 3, 4, 5, 6].map((count): [number, string] => [500 + count, `no ${count}`]));
  await verdictOf(app, { webhook });
  await tryAgain();
  const failed = await shown();
  assert.deepEqual([failed.status, failed.reason, failed.provider_code], ['failed', 'gave_up', '506']);
  const codes = failed.retried_after.map(({ provider_code: code }: Shown) => code);
  assert.deepEqual(codes, ['501', '502', '503', '504', '505']);
  answers.push([510, 'once more']);
  await app.post(`/dispatches/${failed.dispatch_id}/replay`, { statuses: ['failed'] });
  await app.drain();
  const replayed = (await shown()).retried_after.map(({ provider_code: code }: Shown) => code);
  assert.deepEqual(replayed, ['510'], 'a replay begins anew, as the count of attempts does');
});

test('what a rule of ours refuses has the rule as its reason, also in the counts and in a replay', async (t) => {
  const app = await startWorld(t, 'webhook: { deliver: true, allow: ["hooks.internal:8443"] }');
  const webhook = { url: 'http://127.0.0.1/{{${user_id}}}', request_method: 'POST' };
  const { detail, ...verdict } = await verdictOf(app, { webhook });
  assert.deepEqual(verdict, { status: 'failed', reason: 'blocked_target', provider_code: 'blocked_target' });
  assert.match(detail ?? '', /^the URL at 127\.0\.0\.1:80 leads to an address .*webhook\.allow/);
  const { body } = await app.get('/dispatches?limit=1');
  const id = body.dispatches[0].dispatch_id;
  assert.equal((await app.get(`/dispatches/${id}`)).body.channels.webhook.blocked_target, 1);
  assert.equal((await app.get(`/dispatches/${id}/recipients?reason=blocked_target`)).body.recipients.length, 1);
  assert.equal((await app.post(`/dispatches/${id}/replay`, { codes: ['blocked_target'] })).body.recipients, 1);
});

test('a reached frequency cap is told with its rule, its window and the dispatch that filled it', async (t) => {
  const app = await startWorld(
    t,
    `
campaigns: [{ id: ${FREE}, name: Free, kind: api, obeys_caps: false, variations: [{ id: mail, channel: email }] }]
frequency_caps: [{ channel: email, max_sends: 1, period_unit: days, period_count: 1 }]`,
  );
  assert.equal((await verdictOf(app, { email })).status, 'sent');
  const first = (await app.get('/dispatches')).body.dispatches[0].dispatch_id;
  const capped = await verdictOf(app, { email });
  const detail = `1 of 1 email since 2026-03-15T00:00:00.000Z (1 days), the last by dispatch ${first}; use override_frequency_capping or a campaign with obeys_caps: false to send all the same`;
  assert.deepEqual([capped.status, capped.reason, capped.detail], ['skipped', 'frequency_capped', detail]);
  const dry = { external_user_ids: ['ada'], messages: { email }, cresset: { dry_run: true } };
  assert.equal((await app.post('/messages/send', dry)).body.recipients[0].detail, detail);
  assert.equal((await verdictOf(app, { email }, { override_frequency_capping: true })).status, 'sent');
  const free = { campaign_id: FREE };
  assert.equal((await verdictOf(app, { email: { ...email, message_variation_id: 'mail' } }, free)).status, 'sent');
});

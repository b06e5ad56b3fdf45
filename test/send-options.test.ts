// Features beyond the original: idempotency, dry runs and cancelling. Also, webhooks that are really sent.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

const SEGMENT = '11111111-1111-4111-8111-111111111111';
const webhook = { url: 'https://example.com/{{${user_id}}}', request_method: 'POST', body: 'hi {{${first_name}}}' };

async function givenTwo(t: Parameters<typeof startTestApp>[0], options: Parameters<typeof startTestApp>[1] = {}) {
  const app = await startTestApp(t, options);
  await app.givenWorkspace(`segments: [{ id: ${SEGMENT}, name: All, filter: null }]`);
  await app.post('/users/track', {
    attributes: ['ada', 'bob'].map((external_id) => ({ external_id, first_name: external_id })),
  });
  return app;
}

test('an idempotency key repeats the answer to its first request', async (t) => {
  const app = await givenTwo(t);
  const send = (body: object, key = 'k1') => app.post('/messages/send', body, { headers: { 'idempotency-key': key } });
  const body = { external_user_ids: ['ada'], messages: { webhook } };
  const first = await send(body);
  assert.equal(first.status, 201);
  assert.equal(first.headers.get('idempotency-replayed'), null);
  const again = await send(body);
  assert.deepEqual([again.status, again.body], [201, first.body]);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal(again.headers.get('x-ratelimit-remaining'), '', 'a repetition costs no rate');
  const other = await send({ ...body, external_user_ids: ['bob'] });
  assert.deepEqual([other.status, other.body.message], [409, 'Idempotency key was used with another request']);
  assert.equal((await send({}, 'k2')).status, 400, 'only success is kept');
  assert.equal((await send(body, 'k2')).status, 201);
  assert.equal((await send(body, 'not visible')).status, 400);
  app.clock.advance(24 * 3_600_000 + 1);
  const tomorrow = await send(body);
  assert.equal(tomorrow.status, 201);
  assert.notEqual(tomorrow.body.dispatch_id, first.body.dispatch_id);
  await app.drain();

  const racing = await Promise.all(Array.from({ length: 20 }, () => send(body, 'race')));
  const ids = new Set(racing.filter(({ status }) => status === 201).map(({ body: answer }) => answer.dispatch_id));
  assert.equal(ids.size, 1);
  assert.ok(racing.every(({ status }) => status === 201 || status === 409));
  const { stored } = await app.db.one<{ stored: number }>(sql`select count(*) as stored from dispatches`);
  assert.equal(stored, 4);
});

test('a dry run says who would get what, and leaves nothing behind', async (t) => {
  const app = await givenTwo(t);
  const email = { app_id: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11', from: 'a@acme.test', subject: 's', body: 'b' };
  await app.givenWorkspace('apps: [{ id: 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11, name: iOS, platform: ios }]');
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: ['ada', 'ada', 'nobody'],
    messages: { webhook, email },
    cresset: { dry_run: true },
  });
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.dispatch_id, undefined);
  assert.deepEqual(body.counts, {
    targeted: 3,
    looked_at: 1,
    unknown_user: 1,
    duplicate: 1,
    not_in_segment: 0,
    not_in_audience: 0,
  });
  assert.deepEqual(body.channels.webhook, {
    recipients: 1,
    attempts: 0,
    attempts_failed: 0,
    attempts_in_flight: 0,
    would_be_sent: 1,
  });
  assert.deepEqual(body.channels.email, {
    recipients: 1,
    attempts: 0,
    attempts_failed: 0,
    attempts_in_flight: 0,
    no_address: 1,
  });
  assert.equal(body.samples.length, 1);
  assert.equal(body.samples[0].message.body, 'hi ada');
  const broadcast = await app.post('/messages/send', {
    broadcast: true,
    segment_id: SEGMENT,
    messages: { webhook },
    cresset: { dry_run: 'true' },
  });
  assert.equal(broadcast.body.counts.targeted, 2);
  for (const { braze_id } of broadcast.body.recipients) assert.match(braze_id, /^[0-9a-f]{24}$/);
  await app.drain();
  const { rows } = await app.db.one<{ rows: number }>(sql`
    select (select count(*) from dispatches) + (select count(*) from sends) + (select count(*) from sandbox_messages)
         + (select count(*) from cap_slots) as rows`);
  assert.equal(rows, 0);
  const typo = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { webhook },
    cresset: { dryrun: true },
  });
  assert.equal(typo.status, 400);
  assert.match(typo.body.errors[0], /^cresset\.dryrun: unknown member/);
});

test('a webhook to an unusual port is refused unless the operator allows it', async (t) => {
  const app = await givenTwo(t);
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: ['ada'],
    messages: { webhook: { ...webhook, url: 'https://example.com:8443/' } },
  });
  assert.equal(status, 400);
  assert.match(body.errors[0], /^messages\.webhook\.url: expected port 80 or 443/);
});

test('cancelling stops what is pending, and to cancel again changes nothing', async (t) => {
  const app = await givenTwo(t, { worker: false });
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada', 'bob'], messages: { webhook } });
  const cancelled = await app.post(`/dispatches/${body.dispatch_id}/cancel`, {});
  assert.deepEqual([cancelled.status, cancelled.body], [201, { state: 'cancelled', message: 'success' }]);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}`)).body.state, 'cancelled');
  assert.equal((await app.post(`/dispatches/${body.dispatch_id}/cancel`, {})).status, 201);
  const { tasks } = await app.db.one<{ tasks: number }>(sql`select count(*) as tasks from tasks`);
  assert.equal(tasks, 0);
  const elsewhere = await app.get('/dispatches/00000000000070008000000000000000');
  assert.equal(elsewhere.status, 404);
});

test('the list of recipients can be read page by page', async (t) => {
  const app = await givenTwo(t);
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada', 'bob', 'x'],
    messages: { webhook, content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60 } },
  });
  await app.drain();
  const seen: string[] = [];
  let query = '?limit=3';
  for (let pages = 0; pages < 5; pages += 1) {
    const { body: page } = await app.get(`/dispatches/${body.dispatch_id}/recipients${query}`);
    seen.push(
      ...page.recipients.map(({ external_id, channel }: Record<string, string>) => `${external_id} ${channel}`),
    );
    if (page.next_cursor === undefined) break;
    query = `?limit=3&cursor=${page.next_cursor}`;
  }
  assert.deepEqual(seen.sort(), ['ada content_card', 'ada webhook', 'bob content_card', 'bob webhook', 'x null']);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}/recipients?cursor=%00`)).status, 400);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}/recipients?status=gone`)).status, 400);
  assert.equal((await app.get(`/dispatches/${body.dispatch_id}/recipients?min_attempts=-1`)).status, 400);
  const reason = await app.get(`/dispatches/${body.dispatch_id}/recipients?status=gave_up`);
  assert.equal(reason.status, 400);
  assert.match(reason.body.errors[0], /; gave_up is a reason: ask with reason=gave_up$/);
  const sent = await app.get(`/dispatches/${body.dispatch_id}/recipients?status=sent&channel=webhook`);
  assert.equal(sent.body.recipients.length, 2);
});

test('webhooks are really sent: one for each person, retried when the server is busy, never to inner addresses', async (t) => {
  const requests: { url: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  let busy = true;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    requests.push({ url: request.url ?? '', body: Buffer.concat(chunks).toString(), headers: request.headers });
    const refuse = busy && request.url === '/bob';
    response.writeHead(refuse ? 503 : 200, refuse ? { 'retry-after': '90' } : {}).end('thanks');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);

  const app = await givenTwo(t);
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["127.0.0.1:${address.port}"] }`);
  const url = `http://127.0.0.1:${address.port}/{{\${user_id}}}`;
  const { body } = await app.post('/messages/send', {
    external_user_ids: ['ada', 'bob'],
    messages: { webhook: { ...webhook, url } },
  });
  await app.drain();
  assert.deepEqual(requests.map((request) => request.body).sort(), ['hi ada', 'hi bob']);
  assert.equal(requests[0]?.headers['x-dispatch-id'], body.dispatch_id);
  assert.match(requests[0]?.headers['user-agent'] ?? '', /^Cresset\//);
  const states = async (id: string) =>
    (await app.get(`/dispatches/${id}/recipients`)).body.recipients
      .map((one: Record<string, string>) => `${one.external_id} ${one.status} ${one.provider_code}`)
      .sort();
  assert.deepEqual(await states(body.dispatch_id), ['ada sent null', 'bob pending 503']);
  busy = false;
  app.clock.advance(80_000);
  await app.drain();
  assert.equal(requests.length, 2, 'Retry-After is kept to');
  app.clock.advance(30_000);
  await app.drain();
  assert.deepEqual(await states(body.dispatch_id), ['ada sent null', 'bob sent null']);

  for (const blocked of [
    'http://127.0.0.1/',
    'http://169.254.169.254/latest',
    'http://[::ffff:127.0.0.1]/',
    'http://2130706433/',
    'http://localhost/',
  ]) {
    const { body: answer } = await app.post('/messages/send', {
      external_user_ids: ['ada'],
      messages: { webhook: { ...webhook, url: blocked } },
    });
    await app.drain();
    assert.deepEqual(await states(answer.dispatch_id), ['ada failed blocked_target'], blocked);
  }
  assert.equal(requests.length, 3);
});

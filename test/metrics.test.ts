// What Prometheus reads: the numbers add up with what was sent, and the alert rules ask only for numbers that there are.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { knownCounts } from '../src/dispatch/plan/ways.ts';
import { Meters } from '../src/metrics/meters.ts';
import { startTestApp, type TestApp } from './support/app.ts';

/** A receiver that answers 200, and 404 where the path says so. */
async function startReceiver(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/gone' ? 404 : 200;
    request.resume().once('end', () => response.end());
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const email = { app_id: 'a', from: 'a@example.com', subject: 's', body: 'b' };

/** The values of the series, by their names with labels, as in the text. */
async function scrape(app: TestApp): Promise<Map<string, number>> {
  const { status, headers, body } = await app.get('/metrics');
  assert.deepEqual([status, headers.get('content-type')], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  const lines = String(body)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const values = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Number(line.slice(at + 1))];
  });
  assert.equal(new Set(values.map(([name]) => name)).size, lines.length, 'no series is there twice');
  return new Map(values);
}

// Row 37 of the traps of the product.
test('every send is counted by channel, provider and verdict, and each call of a provider by its time and outcome', async (t) => {
  const host = await startReceiver(t);
  const app = await startTestApp(t);
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["${host}"] }`);
  const before = await scrape(app);
  assert.equal(before.get('cresset_sends_total{channel="webhook",provider="http",verdict="failed"}'), 0);
  assert.equal(before.get('cresset_provider_errors_total{channel="email",provider="smtp",class="retry"}'), 0);

  await app.post('/users/track', { attributes: ['ada', 'bob'].map((external_id) => ({ external_id })) });
  const webhook = (path: string) => ({ webhook: { url: `http://${host}${path}`, request_method: 'POST', body: 'x' } });
  const people = { external_user_ids: ['ada', 'bob'] };
  for (const path of ['/', '/gone']) await app.post('/messages/send', { ...people, messages: webhook(path) });
  await app.post('/messages/send', { ...people, messages: { email } });
  await app.post('/messages/send', { ...people, messages: {} });
  await app.drain();
  app.clock.advance(1_000); // answers a moment apart are one

  const after = await scrape(app);
  const counted = [...after].filter(([name, value]) => name.startsWith('cresset_sends_total') && value > 0);
  assert.deepEqual(Object.fromEntries(counted), {
    'cresset_sends_total{channel="webhook",provider="http",verdict="sent"}': 2,
    'cresset_sends_total{channel="webhook",provider="http",verdict="failed"}': 2,
    'cresset_sends_total{channel="email",provider="none",verdict="skipped"}': 2,
  });
  assert.equal(after.get('cresset_provider_seconds_count{channel="webhook",provider="http"}'), 4);
  assert.equal(after.get('cresset_provider_errors_total{channel="webhook",provider="http",class="failed"}'), 2);
  assert.equal(after.get('cresset_accept_seconds_count{route="/messages/send"}'), 3);
  assert.ok((after.get('cresset_accept_seconds_sum{route="/messages/send"}') ?? 0) > 0.001, 'a commit takes its time');
  const answers = 'cresset_http_requests_total{method="POST",route="/messages/send",status=';
  assert.deepEqual([after.get(`${answers}"201"}`), after.get(`${answers}"400"}`)], [3, 1]);
});

test('what all servers share is read when it is asked for, and a pause is seen', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(
    'email: { default_from: "a@example.com", smtp: [{ name: main, url: "smtp://127.0.0.1:1" }] }',
  );
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.com' }] });
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  app.clock.advance(90_000);
  const idle = await scrape(app);
  assert.equal(idle.get('cresset_queue_tasks{lane="named"}'), 1);
  assert.equal(idle.get('cresset_queue_oldest_seconds{lane="named"}'), 90);
  assert.equal(idle.get('cresset_workers{lane="named"}'), 0);
  assert.equal(idle.get('cresset_breaker_open{kind="relay",name="main"}'), 0);
  assert.equal(idle.get('cresset_database_refuses_writes'), 0);
});

// Row 36 of the traps of the product.
test('a stranger makes no series, and needs a key to read them', async (t) => {
  const app = await startTestApp(t);
  for (let nth = 0; nth < 20; nth += 1) await app.get(`/wp-${nth}.php`, { key: null });
  const series = [...(await scrape(app))].filter(([name]) => name.includes('unmatched'));
  assert.deepEqual(series, [['cresset_http_requests_total{method="any",route="unmatched",status="401"}', 20]]);
  assert.equal((await app.get('/metrics', { key: null })).status, 401);
  const weak = await app.givenKey({ permissions: ['messages.send'] });
  assert.equal((await app.get('/metrics', { key: weak })).status, 403);
});

test('the alert rules and the dashboard ask only for numbers that there are', async (t) => {
  const app = await startTestApp(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const { body } = await app.get('/metrics');
  const ofProcess = await new Meters({ known: knownCounts, ofProcess: true }).dump();
  const ofApp = [...String(body).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  const known = new Set([...ofApp, ...ofProcess.map(({ name }) => name)]);
  for (const file of ['alerts.yaml', 'dashboard.json']) {
    const text = readFileSync(new URL(`../docs/prometheus/${file}`, import.meta.url), 'utf8');
    const asked = new Set([...text.matchAll(/\bcresset_[a-z_]+/g)].map(([name]) => name));
    assert.ok(asked.size > 5);
    for (const name of asked) assert.ok(known.has(name.replace(/_(bucket|count|sum)$/, '')) || known.has(name), name);
  }
});

const hasPromtool = await promisify(execFile)('promtool', ['--version']).then(
  () => true,
  () => false,
);

test('each alert rule fires', { skip: !hasPromtool && 'promtool is not installed' }, async () => {
  const rules = new URL('../docs/prometheus/alerts.test.yaml', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)('promtool', ['test', 'rules', rules]);
  assert.match(stdout, /SUCCESS/);
});

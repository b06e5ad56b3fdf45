// Traces, as a collector gets them: from the span of a caller to the call of a provider, through the database and other threads.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { connect, type Database } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { MOST_CALLS } from '../src/dispatch/deliver/traced-chunk.ts';
import { givenPopulation } from './support/population.ts';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from './support/trace-collector.ts';
import { startWebhookSink, type WebhookSink } from './support/webhook-sink.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const PEOPLE = 450;
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = (flags = '01', traceId = CALLER.traceId) => `00-${traceId}-${CALLER.spanId}-${flags}`;

interface World {
  server: ServerProcess;
  db: Database;
  sink: WebhookSink;
  post(path: string, body: object, headers?: Record<string, string>): Promise<{ dispatch_id: string }>;
}

/** A server that sends broadcasts in another thread, with real webhooks. */
async function startWorld(t: TestContext, env: Record<string, string>): Promise<World> {
  const sink = await startWebhookSink(t, (who) => (who === 'gone' ? 404 : 200));
  const ends: (() => Promise<unknown>)[] = [];
  t.after(() => Promise.all(ends.map((end) => end()))); // before the data folder goes
  const dataDir = dataFolder(t);
  const workspace = join(dataDir, 'workspace.yaml');
  writeFileSync(
    workspace,
    `webhook: { deliver: true, allow: ["${sink.host}"] }\nsegments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]\n`,
  );
  const server = await startServer({
    ...{ CRESSET_DATA_DIR: dataDir, PORT: '0', CRESSET_BROADCAST_THREADS: '1', CRESSET_WORKSPACE: workspace },
    ...env,
  });
  const db = connect({ url: (await attachEmbedded({ dataDir })) ?? '' });
  ends.push(async () => {
    await db.close();
    await server.end('SIGTERM');
  });
  const authorization = `Bearer ${server.announced.api_key}`;
  return {
    ...{ server, db, sink },
    async post(path, body, headers = {}) {
      const response = await fetch(server.url + path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const answer = await response.json();
      assert.equal(response.status, 201, JSON.stringify(answer));
      return answer as { dispatch_id: string };
    },
  };
}

function webhookTo(url: string): object {
  return { webhook: { url, request_method: 'POST', body: 'x' } };
}

/** The spans of one trace, each with those below it. */
function treeOf(spans: readonly CollectedSpan[], parentId: string): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parentId)
    .flatMap(({ name, spanId }) => [name, ...treeOf(spans, spanId).map((below) => `${name} > ${below}`)]);
}

const named = (spans: readonly CollectedSpan[], name: string) => spans.filter((span) => span.name === name);

function counted(spans: readonly CollectedSpan[], fact: string): number {
  return spans.reduce((sum, { facts }) => sum + Number(facts[fact] ?? 0), 0);
}

/** Resolves when a trace has told of as many verdicts. */
function untilTold(collector: TraceCollector, traceId: string, verdict: string, count: number): Promise<void> {
  const told = () =>
    counted(
      collector.spans.filter((span) => span.traceId === traceId),
      `cresset.verdicts.${verdict}`,
    );
  return collector.until(() => told() >= count);
}

test('a trace of one dispatch shows every stage, from the span of the caller to the answer of the provider', async (t) => {
  const collector = await startTraceCollector(t);
  const { server, db, sink, post } = await startWorld(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret%20key',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
  });
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  await givenPopulation(db, { workspaceId, count: PEOPLE });

  const { dispatch_id: id } = await post(
    '/messages/send',
    { broadcast: true, segment_id: EVERYBODY, messages: webhookTo(sink.url) },
    { traceparent: traceparent() },
  );
  await untilTold(collector, CALLER.traceId, 'sent', PEOPLE);
  assert.equal(await server.end('SIGTERM'), 0, server.log()); // what still waits is sent

  const spans = collector.spans.filter(({ traceId }) => traceId === CALLER.traceId);
  assert.equal(spans.length, collector.spans.length);
  const request = 'POST /messages/send';
  assert.deepEqual(
    new Set(treeOf(spans, CALLER.spanId)),
    new Set([
      request,
      `${request} > accept`,
      `${request} > accept > expand`,
      `${request} > accept > chunk`,
      `${request} > accept > chunk > deliver`,
    ]),
  );
  const [root, accept] = [named(spans, request)[0], named(spans, 'accept')[0]];
  assert.deepEqual([root?.kind, root?.facts['http.response.status_code']], [2, 201]);
  assert.equal(accept?.facts['cresset.dispatch_id'], id);
  const chunks = named(spans, 'chunk');
  const calls = named(spans, 'deliver');
  assert.equal(counted(chunks, 'cresset.sends'), PEOPLE);
  assert.equal(counted(chunks, 'cresset.verdicts.sent'), PEOPLE);
  assert.ok(calls.length >= chunks.length && calls.length <= MOST_CALLS * chunks.length, `${calls.length} calls`);
  for (const { kind, facts, status, startMs, endMs } of calls) {
    assert.deepEqual([kind, status, facts['cresset.channel'], facts['cresset.verdict']], [3, 0, 'webhook', 'sent']);
    assert.ok(startMs >= (accept?.startMs ?? 0) && endMs >= startMs);
  }
  assert.deepEqual(root?.resource['service.name'], 'cresset');
  assert.equal(root?.resource['deployment.environment.name'], 'staging');
  assert.ok(collector.posts.length > 0);
  for (const { 'api-key': key } of collector.posts) assert.equal(key, 'secret key');
  assert.equal(JSON.stringify(collector.spans).includes(sink.host), false, 'spans hold nothing of a message');
});

test('named people, triggers and schedules are traced by the same road, and a refusal of a provider is told', async (t) => {
  const collector = await startTraceCollector(t);
  const { db, sink, post } = await startWorld(t, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await post('/users/track', { attributes: [{ external_id: 'ada' }] }, { traceparent: traceparent() });
  const trace = (nth: number) => `${nth}`.padStart(32, '1');
  const to = { external_user_ids: ['ada'] };
  const url = (who: string) => sink.url.replace(/\{\{.*\}\}/, who);
  await post(
    '/messages/send',
    { ...to, messages: webhookTo(url('ada')) },
    { traceparent: traceparent('01', trace(1)) },
  );
  await post(
    '/messages/send',
    { ...to, messages: webhookTo(url('gone')) },
    { traceparent: traceparent('01', trace(2)) },
  );
  const time = new Date(Date.now() + 2_000).toISOString();
  const later = { ...to, schedule: { time }, messages: webhookTo(url('ada')) };
  await post('/messages/schedule/create', later, { traceparent: traceparent('01', trace(3)) });
  const spansOf = (nth: number) => collector.spans.filter(({ traceId }) => traceId === trace(nth));
  await Promise.all([
    untilTold(collector, trace(1), 'sent', 1),
    untilTold(collector, trace(2), 'failed', 1),
    untilTold(collector, trace(3), 'sent', 1),
  ]);

  const stages = (root: string, ...more: string[]) => {
    const accept = `${root} > accept`;
    return [root, accept, ...['expand', 'chunk', 'chunk > deliver', ...more].map((one) => `${accept} > ${one}`)].sort();
  };
  assert.deepEqual(treeOf(spansOf(1), CALLER.spanId).sort(), stages('POST /messages/send'));
  const [refused] = named(spansOf(2), 'deliver');
  assert.deepEqual([refused?.status, refused?.facts['cresset.verdict']], [2, 'failed']);
  assert.deepEqual(treeOf(spansOf(3), CALLER.spanId).sort(), stages('POST /messages/schedule/create', 'fire'));
  assert.equal(collector.spans.filter(({ traceId }) => traceId === CALLER.traceId).length, 0, 'only sends are traced');
  const { traced } = await db.one<{ traced: number }>(sql`select count(trace)::int as traced from dispatches`);
  assert.equal(traced, 3);
});

test('what the caller does not sample is not traced, and without a caller the sampler decides', async (t) => {
  const collector = await startTraceCollector(t);
  const { server, sink, post } = await startWorld(t, {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  await post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const body = { external_user_ids: ['ada'], messages: webhookTo(sink.url) };
  await post('/messages/send', body, { traceparent: traceparent('00') });
  for (const broken of ['', 'x', `${traceparent()}-more`, traceparent().toUpperCase(), `ff${traceparent().slice(2)}`])
    await post('/messages/send', body, { traceparent: broken });
  await post('/messages/send', body);
  await post('/messages/send', body, { traceparent: traceparent('01') });
  await untilTold(collector, CALLER.traceId, 'sent', 1);
  await sink.until(() => sink.total() === 8);
  await server.end('SIGTERM');
  assert.deepEqual([...new Set(collector.spans.map(({ traceId }) => traceId))], [CALLER.traceId]);
});

test('a collector that is away costs spans and a line of the log, and no message', async (t) => {
  const { server, sink, post } = await startWorld(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  await post('/users/track', { attributes: [{ external_id: 'ada' }] });
  for (let nth = 0; nth < 3; nth += 1)
    await post('/messages/send', { external_user_ids: ['ada'], messages: webhookTo(sink.url) });
  await sink.until(() => sink.total() === 3);
  assert.equal(await server.end('SIGTERM'), 0, server.log());
  assert.match(server.log(), /spans could not be sent|the last spans could not be sent/);
});

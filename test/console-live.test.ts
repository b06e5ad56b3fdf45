// The stream that tells the console what changes: who gets it and until when, what it says, and what becomes of slow readers
// and of a server that stops. The pages that read it are in console-live-pages.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenOperator, PASSWORD } from './support/console/console.ts';
import { openEvents, type Said } from './support/console/events.ts';
import { fillConsole } from './support/console/world.ts';

const webhook = { url: 'https://example.com/hook', request_method: 'POST', body: 'Hello' };

/** Moves the clock on, second by second, until what is waited for has come. */
async function moving<T>(app: TestApp, waited: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  waited.then(over, over);
  while (!isOver) {
    app.clock.advance(1_000);
    await app.db.query(sql`select 1`); // So that the server gets its answers, too.
  }
  return waited;
}

async function first(next: () => Promise<Said>, isWanted: (said: Said) => boolean): Promise<Said> {
  for (;;) {
    const said = await next();
    if (isWanted(said)) return said;
  }
}

// Rows 18 and 59 of the traps of the product.
test('a stream says what changed, by id alone, and what was missed in between', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date() });
  await fillConsole(app);
  const viewer = await givenOperator(app, 'viewer');
  const events = await openEvents(app, viewer.token);
  assert.equal(events.status, 200);
  assert.deepEqual(
    ['content-type', 'cache-control', 'x-accel-buffering', 'content-security-policy'].map((name) =>
      events.headers.get(name),
    ),
    ['text/event-stream; charset=utf-8', 'no-store, no-transform', 'no', "default-src 'none'; frame-ancestors 'none'"],
  );
  const begun = await events.next();
  const everything = { topics: ['dispatches', 'requests', 'outbox', 'troubles'], dispatches: null };
  assert.deepEqual(begun.data, everything, 'a new reader reads everything');

  // A message of 9 kB, which would be too long for a notice of PostgreSQL.
  const long = { ...webhook, body: 'x'.repeat(9_000) };
  const sent = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook: long } });
  assert.equal(sent.status, 201);
  const id: string = sent.body.dispatch_id;
  const isAbout = ({ data }: Said) => data.dispatches?.includes(id) === true;
  const heard = await moving(app, first(events.next, isAbout));
  assert.ok(heard.data.topics.includes('dispatches'), JSON.stringify(heard));
  assert.ok(heard.bytes < 300, `${heard.bytes} bytes`);
  await app.drain();
  const late = await moving(
    app,
    first(events.next, (said) => isAbout(said) && said.data.topics.includes('outbox')),
  );
  events.close();

  const again = await openEvents(app, viewer.token);
  const other = await openEvents(app, viewer.token, { 'last-event-id': late.id });
  assert.deepEqual((await again.next()).data, everything);
  await app.post('/messages/send', { broadcast: true, segment_id: GOLD, messages: { webhook } });
  const broadcast = await moving(
    app,
    first(again.next, ({ data }) => data.topics.includes('requests')),
  );
  const resumed = await openEvents(app, viewer.token, { 'last-event-id': (await other.next()).id });
  const missed = await resumed.next();
  assert.deepEqual(missed.data.topics.toSorted(), broadcast.data.topics.toSorted());
  assert.deepEqual(missed.data.dispatches, broadcast.data.dispatches);
  for (const one of [again, other, resumed]) one.close();
});

const GOLD = '44444444-4444-4444-8444-444444444444';

// Row 2 of the traps of the product.
test('a stream ends soon after its session, whoever ends it and on whichever server, and is then refused', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  const ends: [string, (name: string, sessionId: string) => Promise<unknown>][] = [
    ['deleted', (name) => admin.call('DELETE', `operators/${name}`)],
    ['another role', (name) => admin.call('PATCH', `operators/${name}`, { role: 'sender' })],
    ['another password', (name) => admin.call('PATCH', `operators/${name}`, { password: `${PASSWORD} x` })],
    ['ended by an admin', (_name, sessionId) => admin.call('DELETE', `sessions/${sessionId}`)],
  ];
  for (const [index, [what, end]] of ends.entries()) {
    const viewer = await givenOperator(app, 'viewer', `viewer-${index}`);
    const events = await openEvents(app, viewer.token);
    await events.next();
    await end(viewer.name, viewer.sessionId);
    await moving(app, events.ended());
    assert.equal((await openEvents(app, viewer.token)).status, 401, what);
  }
  const elsewhere = await app.startAnotherServer();
  const viewer = await givenOperator(app, 'viewer', 'grace');
  const events = await openEvents(app, viewer.token);
  await events.next();
  const out = await fetch(`${elsewhere}/operator/v1/sign-out`, {
    ...{ method: 'POST', body: '{}' },
    headers: { 'x-cresset-console': '1', cookie: `cresset_session=${viewer.token}` },
  });
  assert.equal(out.status, 200);
  await moving(app, events.ended());
});

test('a stream keeps no session alive, and gives signs of life', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const viewer = await givenOperator(app, 'viewer');
  const events = await openEvents(app, viewer.token);
  await events.next();
  await moving(app, events.untilBeat());
  app.clock.wakeAfter(12 * 3_600_000);
  await moving(app, events.ended());
  assert.equal((await openEvents(app, viewer.token)).status, 401);
});

// Row 1 of the traps of the product.
test('other sites, strangers and one tab too many get no stream', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const viewer = await givenOperator(app, 'viewer');
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const refused = await openEvents(app, viewer.token, headers);
    assert.equal(refused.status, 403, JSON.stringify(headers));
    assert.equal(refused.headers.get('access-control-allow-origin'), null);
  }
  assert.equal((await openEvents(app, 'A'.repeat(43))).status, 401);
  const open = [];
  for (let at = 0; at < 3; at += 1) open.push(await openEvents(app, viewer.token));
  const fourth = await openEvents(app, viewer.token);
  assert.deepEqual([fourth.status, fourth.headers.get('retry-after')], [429, '30']);
  assert.equal(
    (await openEvents(app, (await givenOperator(app, 'sender')).token)).status,
    200,
    'others have their own',
  );
  open[0]?.close();
  let again = await openEvents(app, viewer.token);
  while (again.status === 429) again = await openEvents(app, viewer.token);
  assert.equal(again.status, 200, 'a tab that is closed makes room');
});

// Row 14 of the traps of the product.
test('a server that stops ends its streams first', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const viewer = await givenOperator(app, 'viewer');
  const events = await openEvents(app, viewer.token);
  await events.next();
  const startedAt = performance.now();
  const stopping = app.app.stop();
  await events.ended();
  await stopping;
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 5_000, `${tookMs} ms`);
});

// What the console shows of dispatches to many people, whose sends take a while to be counted.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { connect } from '../src/db/database.ts';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenOperator, type SignedIn } from './support/console/console.ts';

const EVERYBODY = '44444444-4444-4444-8444-444444444444';
const PEOPLE = 60;
/** More than are counted at every request. */
const MANY = 30_000;

interface Large {
  app: TestApp;
  viewer: SignedIn;
  /** Sends to everybody on these channels, and says that they were many. Returns the id. */
  send(messages: object): Promise<string>;
}

async function startLarge(t: TestContext): Promise<Large> {
  const app = await startTestApp(t, { startsAt: new Date() });
  await app.givenWorkspace(`segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]`);
  const attributes = Array.from({ length: PEOPLE }, (_, n) => ({ external_id: `person-${n}`, stock: n % 3 }));
  await app.post('/users/track', { attributes });
  return {
    app,
    viewer: await givenOperator(app, 'viewer'),
    async send(messages) {
      const { body } = await app.post('/messages/send', { broadcast: true, segment_id: EVERYBODY, messages });
      await app.drain();
      await app.db.run(sql`update dispatches set targeted = ${MANY} where id = ${body.dispatch_id}`);
      return body.dispatch_id;
    },
  };
}

const webhook = { url: 'https://example.com', request_method: 'POST', body: 'x' };
/** Two thirds of the people get it. */
const picky = {
  ...webhook,
  body: "{% if custom_attribute.${stock} == 0 %}{% abort_message('no stock') %}{% endif %}x",
};

/** Keeps everybody from reading sends until the returned function is called. */
async function holdSends(t: TestContext, app: TestApp): Promise<() => Promise<void>> {
  const db = connect({ url: app.databaseUrl, max: 1 });
  t.after(() => db.close());
  const [held, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = db.transaction(async (tx) => {
    await tx.run(sql`lock table sends in access exclusive mode`);
    held.resolve();
    await over.promise;
  });
  await held.promise;
  return async () => {
    over.resolve();
    await holding;
  };
}

/** Lets time pass until the answer is there. */
async function whileTimePasses<T>(app: TestApp, asking: Promise<T>): Promise<T> {
  let isThere = false;
  const noted = asking.finally(() => {
    isThere = true;
  });
  while (!isThere) {
    app.clock.advance(10);
    await new Promise((next) => setImmediate(next));
  }
  return noted;
}

test('pages are there before their numbers are counted, and clients of the API wait for them', async (t) => {
  const { app, viewer, send } = await startLarge(t);
  const id = await send({ webhook: picky });
  const release = await holdSends(t, app);
  const soon = async (path: string) => (await whileTimePasses(app, viewer.call('GET', path))).body;
  const dispatch = await soon(`dispatches/${id}`);
  assert.deepEqual([dispatch.state, dispatch.channels, dispatch.counted_at], ['finished', {}, dispatch.accepted_at]);
  const people = await soon(`dispatches/${id}/people`);
  assert.deepEqual([people.people, people.counted_at], [null, null]);
  const { today, recent } = await soon('home');
  assert.deepEqual([today.is_counting, today.counted_at, today.rows, recent.length], [true, null, [], 1]);

  const patient = app.get(`/dispatches/${id}`);
  await release();
  const { body } = await patient;
  assert.deepEqual([body.counted_at, body.channels.webhook.sent, body.channels.webhook.aborted], [undefined, 40, 20]);
  const counted = (await viewer.call('GET', `dispatches/${id}`)).body;
  assert.deepEqual([counted.counted_at, counted.channels], [undefined, body.channels]);
  const exact = (await viewer.call('GET', `dispatches/${id}/people`)).body.people;
  assert.deepEqual(exact, { reached: 40, waiting: 0, unclear: 0, failed: 0, kept: 20 });
  const later = (await viewer.call('GET', 'home')).body.today;
  assert.equal(later.is_counting, false);
  assert.equal(
    later.rows.reduce((sum: number, row: { count: number }) => sum + row.count, 0),
    PEOPLE,
  );
});

test('people with several channels are counted once, by the best of them, and old numbers stay until new ones are there', async (t) => {
  const { app, viewer, send } = await startLarge(t);
  const id = await send({ webhook: picky, email: { app_id: 'x', subject: 'x', body: 'x', from: 'a <a@example.com>' } });
  const read = async () => (await viewer.call('GET', `dispatches/${id}/people`)).body;
  const first = await read();
  assert.deepEqual(first.people, { reached: 40, waiting: 0, unclear: 0, failed: 0, kept: 20 });
  app.clock.advance(60_000);
  const release = await holdSends(t, app);
  assert.deepEqual(await whileTimePasses(app, read()), first);
  await release();
  const next = await read();
  assert.deepEqual(next.people, first.people);
  assert.ok(next.counted_at > first.counted_at);
});

test('a page of many recipients fills from the first buckets, and all pages together have everybody once', async (t) => {
  const { app, send } = await startLarge(t);
  const id = await send({ webhook: picky });
  const all = async (query: string) => {
    const found: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await app.get(`/dispatches/${id}/recipients?${query}${cursor && `&cursor=${cursor}`}`);
      found.push(...body.recipients.map((one: { external_id: string }) => one.external_id));
      if (body.next_cursor === undefined) return found;
      cursor = encodeURIComponent(body.next_cursor);
    }
  };
  const [whole, aborted] = [await all('limit=500'), await all('limit=500&status=aborted')];
  assert.equal(new Set(whole).size, PEOPLE);
  assert.equal(aborted.length, 20);
  assert.deepEqual(await all('limit=7'), whole);
  assert.deepEqual(await all('limit=3&status=aborted'), aborted);
  assert.deepEqual(await all('limit=20&status=aborted'), aborted, 'a full page that is the last one');
  assert.deepEqual(await all('status=failed'), []);
  await app.get(`/dispatches/${id}`); // Its exact counts are stored.
  assert.deepEqual(
    [await all('status=failed'), await all('channel=email'), await all('reason=no_address')],
    [[], [], []],
  );
  assert.deepEqual(await all('limit=500&status=aborted'), aborted);
  await app.db.run(sql`update dispatches set targeted = ${PEOPLE} where id = ${id}`);
  assert.deepEqual(await all('limit=7'), whole, 'in the same order as of few');
});

test('today is the sum of large dispatches and of all that was sent between them', async (t) => {
  const { app, viewer, send } = await startLarge(t);
  const named = async () => {
    await app.post('/messages/send', { external_user_ids: ['person-0'], messages: { webhook } });
    await app.drain();
    app.clock.advance(1_000);
  };
  await named();
  await send({ webhook: picky });
  await named();
  await send({ webhook });
  await named();
  const today = async () => (await viewer.call('GET', 'home')).body.today;
  const { counted_at, is_counting, rows } = await today();
  assert.deepEqual([counted_at, is_counting], [app.clock.now().toISOString(), false]);
  const sum = { channel: 'webhook', status: 'sent', reason: null, count: 40 + PEOPLE + 3 };
  assert.deepEqual(rows, [{ channel: 'webhook', status: 'aborted', reason: 'aborted', count: 20 }, sum]);
  await named();
  assert.deepEqual((await today()).rows, rows, 'it is not counted again at once');
  app.clock.advance(600_000);
  assert.deepEqual((await today()).rows.at(-1), { ...sum, count: sum.count + 1 });
});

// Desks of threads that share the answers to calls. Each test has its threads in one, linked by real ports.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { MovableClock } from '../lib/movable-clock.ts';
import type { ContentRequest } from '../templating/content/reader.ts';
import { BlockedUrl } from './call.ts';
import { ContentDesk } from './desk.ts';
import { Fetched } from './fetched.ts';
import { linkThreads, Neighbours } from './neighbours.ts';

/** Calls that one host gets at once from a thread. */
const PLACES = 96;

interface World {
  desks: ContentDesk[];
  clock: MovableClock;
  calls: () => number;
  /** Asks the desk of a thread for a path, as a template does. */
  ask(desk: number, path: string, request?: Partial<ContentRequest>): Promise<string>;
  answer(status: number, body: string): void;
  /** Answers of this path never wait. */
  free(path: string): void;
  /** Lets answers wait until the returned function is called. */
  hold(): () => void;
}

/** No call is too slow, however slow the machine is, unless the test moves the timers on. */
async function startWorld(t: TestContext, threads: number): Promise<World> {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let calls = 0;
  let next = { status: 200, body: '{"name":"Shoe"}' };
  let held: Promise<void> = Promise.resolve();
  let freePath = '';
  const server: Server = createServer(async (request, response) => {
    calls += 1;
    if (request.url !== freePath) await held;
    response.writeHead(next.status, { 'content-type': 'application/json' }).end(next.body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new MovableClock(new Date('2027-03-01T12:00:00Z'));
  const desks = linkThreads(threads).map((links) => new ContentDesk({ clock, neighbours: new Neighbours(links) }));
  t.after(async () => {
    for (const desk of desks) await desk.close();
    server.closeAllConnections();
    server.close();
  });
  const settings = { allow: [new URL(origin).host], credentials: [], userAgent: null };
  return {
    ...{ desks, clock, calls: () => calls },
    async ask(desk, path, more) {
      const url = path.startsWith('/') ? origin + path : path;
      const get = { method: 'GET', url, headers: {}, body: null, credential: null, shareSeconds: 300 } as const;
      const request = { ...get, isRetried: false, isLiteral: false, ...more };
      const key = request.shareSeconds > 0 ? JSON.stringify([1, request.method, url]) : null;
      const outcome = await desks[desk]?.ask(request, { id: 1, connectedContent: settings }, key);
      return outcome instanceof Fetched ? `${outcome.status} ${outcome.text}` : String(outcome instanceof BlockedUrl);
    },
    free: (path) => {
      freePath = path;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    answer: (status, body) => {
      next = { status, body };
    },
  };
}

test('however many threads want one call at the same time, it is made once, and again when its answer is too old', async (t) => {
  const { ask, calls, clock, answer } = await startWorld(t, 4);
  const all = () => Promise.all(Array.from({ length: 400 }, (_, index) => ask(index % 4, '/one')));
  assert.deepEqual(new Set(await all()), new Set(['200 {"name":"Shoe"}']));
  assert.equal(calls(), 1);
  assert.deepEqual(new Set(await all()), new Set(['200 {"name":"Shoe"}']));
  assert.equal(calls(), 1, 'later messages have it, too');
  clock.advance(301_000);
  answer(200, '{"name":"Boot"}');
  assert.deepEqual(new Set(await all()), new Set(['200 {"name":"Boot"}']));
  assert.equal(calls(), 2);
});

test('calls that differ are made by the threads that want them, and what nobody may share is made each time', async (t) => {
  const { ask, calls } = await startWorld(t, 2);
  await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index % 2, `/own?${index}`)));
  assert.equal(calls(), 200);
  await Promise.all([0, 1].map((desk) => ask(desk, '/one', { shareSeconds: 0 })));
  assert.equal(calls(), 202);
});

test('a failure and a URL that may not be called are shared as they are', async (t) => {
  const { ask, calls, clock, answer } = await startWorld(t, 2);
  answer(503, '{"error":"down"}');
  assert.deepEqual(await Promise.all([ask(0, '/x'), ask(1, '/x')]), ['503 {"error":"down"}', '503 {"error":"down"}']);
  assert.equal(calls(), 1);
  clock.advance(5_001);
  answer(200, '[]');
  assert.deepEqual(await Promise.all([ask(1, '/x'), ask(0, '/x')]), ['200 []', '200 []']);
  assert.equal(calls(), 2, 'after five seconds it is tried again, by whichever thread wants it first');
  assert.deepEqual(await Promise.all([ask(0, 'http://10.0.0.1/'), ask(1, 'http://10.0.0.1/')]), ['true', 'true']);
});

test('a thread that ends while it waits for another one gets no answer and makes no call', async (t) => {
  const { ask, calls, desks, hold } = await startWorld(t, 2);
  const release = hold();
  const [first, second] = [ask(0, '/one'), ask(1, '/one')];
  await desks[1]?.close();
  assert.equal(await second, '599 null');
  release();
  assert.equal(await first, '200 {"name":"Shoe"}');
  assert.equal(calls(), 1);
});

test('when the thread that makes a call ends, another makes it', async (t) => {
  const { ask, calls, desks } = await startWorld(t, 2);
  await ask(0, '/one');
  await desks[0]?.close();
  assert.equal(await ask(1, '/one'), '200 {"name":"Shoe"}');
  assert.equal(calls(), 2);
});

/** Resolves when the server has been asked `count` times. */
async function until(world: World, count: number): Promise<void> {
  while (world.calls() < count) await setImmediate();
}

test('waiting for a place among our own calls is not the time of a slow server', async (t) => {
  const world = await startWorld(t, 1);
  let release = world.hold();
  const all = Array.from({ length: PLACES + 50 }, (_, index) => world.ask(0, `/own?${index}`));
  await until(world, PLACES);
  t.mock.timers.tick(1_500);
  const first = release;
  release = world.hold();
  first();
  await until(world, PLACES + 50);
  t.mock.timers.tick(1_500);
  release();
  assert.deepEqual(new Set(await Promise.all(all)), new Set(['200 {"name":"Shoe"}']));
  assert.equal(world.calls(), PLACES + 50);
});

test('a call that is not answered within two seconds gives its place to the next', async (t) => {
  const world = await startWorld(t, 1);
  const release = world.hold();
  const hanging = Array.from({ length: PLACES }, (_, index) => world.ask(0, `/own?${index}`));
  const next = world.ask(0, '/next');
  await until(world, PLACES);
  t.mock.timers.tick(2_000);
  assert.deepEqual(new Set(await Promise.all(hanging)), new Set(['599 null']));
  await until(world, PLACES + 1);
  release();
  assert.equal(await next, '200 {"name":"Shoe"}');
});

test('a server that answers nobody is not waited for by each call in its turn', async (t) => {
  const world = await startWorld(t, 1);
  const release = world.hold();
  const early = Array.from({ length: PLACES + 50 }, (_, index) => world.ask(0, `/own?${index}`));
  await until(world, PLACES);
  world.clock.advance(1_000);
  const late = world.ask(0, '/late');
  world.clock.advance(1_000);
  t.mock.timers.tick(2_000);
  assert.deepEqual(new Set(await Promise.all(early)), new Set(['599 null']));
  await until(world, PLACES + 1);
  release();
  assert.equal(await late, '200 {"name":"Shoe"}', 'it has waited for one second only');
  assert.equal(world.calls(), PLACES + 1);
});

test('a server that answers one of a hundred is waited for', async (t) => {
  const world = await startWorld(t, 1);
  const release = world.hold();
  world.free('/quick');
  const hanging = Array.from({ length: PLACES - 1 }, (_, index) => world.ask(0, `/own?${index}`));
  const quick = world.ask(0, '/quick');
  const next = [world.ask(0, '/next?1'), world.ask(0, '/next?2')];
  world.clock.advance(1_000);
  assert.equal(await quick, '200 {"name":"Shoe"}');
  await until(world, PLACES + 1);
  world.clock.advance(1_000);
  t.mock.timers.tick(2_000);
  release();
  assert.deepEqual(new Set(await Promise.all(hanging)), new Set(['599 null']));
  assert.equal((await Promise.all(next)).at(-1), '200 {"name":"Shoe"}');
});

test('a thread that has too much to do is not waited for: the call is made a second time', async (t) => {
  const world = await startWorld(t, 2);
  let release = world.hold();
  const busy = Array.from({ length: PLACES }, (_, index) => world.ask(0, `/own?${index}`));
  const owners = world.ask(0, '/one');
  await until(world, PLACES);
  const others = world.ask(1, '/one');
  const first = release;
  release = world.hold();
  t.mock.timers.tick(2_500);
  await until(world, PLACES + 2);
  first();
  release();
  assert.deepEqual(await Promise.all([owners, others]), ['200 {"name":"Shoe"}', '200 {"name":"Shoe"}']);
  await Promise.all(busy);
});

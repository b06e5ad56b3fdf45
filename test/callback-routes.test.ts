// What anybody can do to a callback, for every route that providers call: it is refused or has no effect, is never our fault,
// and is logged once.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { REFERENCE_HEADER } from '../src/channels/email/return-path.ts';
import { raw, sql } from '../src/db/sql.ts';
import type { CallbackDeps } from '../src/http/callbacks/callback.ts';
import { callbackPages } from '../src/http/callbacks/callbacks.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { type Call, type News, routeCases, type Sent } from './support/callback-routes.ts';
import { CERTIFICATE_URL, snsCertificate } from './support/mail-events.ts';
import { startNine } from './support/nine/world.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** The level of the log from which on somebody is to look. */
const WARN = 40;

const routes = callbackPages({} as CallbackDeps).map(({ method, path }) => `${method} ${path}`);

test('each route that providers call has a case here', () => {
  assert.deepEqual(Object.keys(routeCases).sort(), routes.toSorted());
});

interface World extends Sent {
  app: TestApp;
  /** What was logged since the last call. */
  warnings(): Record<string, unknown>[];
  /** Makes a call. Resolves with its status once everything that it told is applied. */
  call(call: Call): Promise<number>;
  /** Everything that a callback may change. */
  known(): Promise<string>;
}

async function start(t: TestContext, people: number): Promise<World> {
  let lines: Record<string, unknown>[] = [];
  const app = await startTestApp(t, {
    onLog: (line) => void (Number(line.level) >= WARN && lines.push(line)),
    getText: (url) => (url === CERTIFICATE_URL ? Promise.resolve(snsCertificate) : Promise.reject(new Error(url))),
  });
  const nine = await startNine(app, { people, seed: 1, faultPercent: 0, atOnce: 0 });
  await nine.sendToAll('at_least_once');
  const { mails, twilio, meta } = nine.providers;
  const textTo = (person: string) => twilio.received(nine.targetOf('sms', person))[0]?.message;
  return {
    ...{ app, nine },
    mailRef(person) {
      const { data = '' } = mails.find(({ to }) => to === nine.targetOf('email', person)) ?? {};
      return new RegExp(`${REFERENCE_HEADER}: (\\S+)`, 'i').exec(data)?.[1] ?? '';
    },
    textUrl: (person) => textTo(person)?.statusCallback ?? '',
    textSid: (person) => textTo(person)?.sid ?? '',
    chat(person) {
      const { wamid = '', reference = null } = meta.received(nine.targetOf('whats_app', person))[0]?.message ?? {};
      return { wamid, reference };
    },
    warnings() {
      const since = lines;
      lines = [];
      return since;
    },
    async call({ path, headers, body }) {
      const init = body === undefined ? { headers } : { method: 'POST', headers, body };
      const { status } = await fetch(app.url + path, init);
      await app.drain();
      return status;
    },
    async known() {
      const tables = ['send_feedback', 'feedback_days', 'subscription_states', 'addresses', 'whats_app_windows'];
      const rows = await Promise.all(
        tables.map((table) =>
          app.db.query<{ row: string }>(sql`select t::text as row from ${raw(table)} t order by 1`),
        ),
      );
      return JSON.stringify(rows, null, 1);
    },
  };
}

/** What came back of the send to a person, without times. */
async function feedbackOf({ app }: World, person: string): Promise<Record<string, string[]>> {
  const { body } = await app.get(`/users/${person}/messages?limit=20`);
  const rows = body.messages as { channel: string; feedback?: Record<string, unknown> }[];
  return Object.fromEntries(rows.map(({ channel, feedback = {} }) => [channel, Object.keys(feedback).sort()]));
}

test('whatever is made of callbacks, it is refused or without effect, never our fault, and logged once', async (t) => {
  const entries = Object.entries(routeCases);
  const world = await start(t, entries.length * 5);
  const { app } = world;
  const stored = async () => (await app.db.query(sql`select 1 from feedback_events`)).length;
  const calls = new Map(
    entries.map(([route, { make }], at) => {
      const of = (nth: number, kind: News['kind']) =>
        make(world, { person: `p${at * 5 + nth}`, kind, at: app.clock.now() });
      return [route, of] as const;
    }),
  );
  for (const [at, [route, { forged, about = 'a send' }]] of entries.entries()) {
    const of = calls.get(route) as NonNullable<ReturnType<typeof calls.get>>;
    await t.test(`${route}: forged, altered and cut off`, async () => {
      const [before, count] = [await world.known(), await stored()];
      for (const [what, call] of Object.entries(forged(of(0, 'delivered'), of(1, 'delivered')))) {
        app.clock.advance(MINUTE_MS);
        world.warnings();
        for (let times = 0; times < 3; times += 1) {
          const status = await world.call(call);
          assert.ok(status < 500 && (status >= 400 || route.endsWith('/mime')), `${what}: ${status}`);
        }
        const said = world.warnings();
        assert.deepEqual(
          said.map(({ msg }) => msg),
          ['a callback was refused'],
          `${what}: ${JSON.stringify(said)}`,
        );
      }
      assert.deepEqual([await world.known(), await stored()], [before, count]);
    });
    await t.test(`${route}: good, doubled and replayed`, async () => {
      const [before, count] = [await world.known(), await stored()];
      const good = of(0, 'delivered');
      assert.deepEqual(await Promise.all([world.call(good), world.call(good)]), [200, 200]);
      const [after, counted] = [await world.known(), await stored()];
      if (about !== 'nothing') assert.ok(counted > count);
      if (about === 'a send') assert.notEqual(after, before);
      assert.equal(await world.call(good), 200);
      assert.deepEqual([await world.known(), await stored()], [after, counted]);
    });
    if (about === 'a send')
      await t.test(`${route}: in either order`, async () => {
        const [one, other] = [`p${at * 5 + 2}`, `p${at * 5 + 3}`];
        for (const call of [of(2, 'failed'), of(2, 'delivered'), of(3, 'delivered'), of(3, 'failed')])
          assert.equal(await world.call(call), 200);
        const known = await feedbackOf(world, one);
        assert.deepEqual(known, await feedbackOf(world, other));
        assert.match(JSON.stringify(known), /(bounced|failed)_at/);
        assert.doesNotMatch(JSON.stringify(known), /delivered_at/);
      });
  }
  const olds = new Map([...calls].map(([route, of]) => [route, { old: of(0, 'delivered'), late: of(4, 'delivered') }]));
  app.clock.advance(9 * DAY_MS);
  for (const [route, { isDated, about = 'a send' }] of entries)
    await t.test(`${route}: stale`, async () => {
      const { old, late } = olds.get(route) ?? assert.fail();
      const before = await world.known();
      const status = await world.call(old);
      assert.ok(isDated ? status >= 400 && status < 500 : status === 200, String(status));
      assert.equal(await world.known(), before);
      if (about === 'a send') assert.equal(await world.call(late), isDated ? status : 200);
    });
});

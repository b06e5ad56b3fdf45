// The numbers of past days, added up for those who read a series, while they may still change.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { type Sql, sql } from '../src/db/sql.ts';
import { totalPastDays } from '../src/dispatch/ledger/statistics/day-totals.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface World {
  app: TestApp;
  send(body: object): Promise<string>;
  /** Whom the webhook refuses. */
  refused: Set<string>;
  runHousekeeping(): Promise<void>;
  /** The days of the campaign that have a row of totals. */
  totalled(): Promise<string[]>;
}

/** Four people, 22:00 on 15 March. */
async function start(t: TestContext): Promise<World> {
  const refused = new Set(['p3', 'p4']);
  const sink = await startWebhookSink(t, (who) => (refused.has(who) ? 400 : 200));
  const app = await startTestApp(t, { startsAt: new Date('2026-03-15T22:00:00Z') });
  await app.givenWorkspace(`
webhook: { deliver: true, allow: ["${sink.host}"] }
campaigns: [{ id: spring, name: Spring, kind: api, variations: [{ id: w, name: Hook, channel: webhook }] }]`);
  await app.post('/users/track', { attributes: ['p1', 'p2', 'p3', 'p4'].map((external_id) => ({ external_id })) });
  const webhook = { url: sink.url, request_method: 'POST', message_variation_id: 'w' };
  return {
    app,
    refused,
    async send(body) {
      const answer = await app.post('/messages/send', { campaign_id: 'spring', messages: { webhook }, ...body });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      await app.drain();
      return answer.body.dispatch_id;
    },
    runHousekeeping: () =>
      keepHouse({ db: app.db, clock: app.clock, log: pino({ level: 'silent' }), retentionDays: 0 }),
    async totalled() {
      const rows = await app.db.query<{ day: string }>(sql`
        select day::text from campaign_day_totals where campaign_id = 'spring' order by day`);
      return rows.map(({ day }) => day);
    },
  };
}

type Numbers = [day: string, sent: number, errors: number, people: number];

/** What a series says of the webhook, without its empty days. */
async function series(app: TestApp, path = '/campaigns/data_series?campaign_id=spring'): Promise<Numbers[]> {
  const { status, body } = await app.get(`${path}&length=30`);
  assert.equal(status, 200, JSON.stringify(body));
  interface Entry {
    time: string;
    unique_recipients: number;
    messages: { webhook: [{ sent: number; errors: number }] };
  }
  return (body.data as Entry[])
    .map(({ time, unique_recipients, messages: { webhook } }): Numbers => {
      const [{ sent, errors }] = webhook;
      return [time, sent, errors, unique_recipients];
    })
    .filter(([, sent, errors]) => sent + errors > 0);
}

/** What servers of any version do when a number of a day changes. */
function addFailures(day: string, failed: number): Sql {
  return sql`
    insert into campaign_days as c (campaign_id, day, channel, variation_id, send_id, shard, sent, recipients, failed, bounced)
    values ('spring', ${day}, 'webhook', 'w', '', 3, 0, 0, ${failed}, 0)
        on conflict (campaign_id, day, channel, variation_id, send_id, shard) do update set failed = c.failed + excluded.failed`;
}

test('six hours after its end a day is added up, its series is read from there, and a late change shows at once', async (t) => {
  const { app, send, refused, runHousekeeping, totalled } = await start(t);
  await app.post('/sends/id/create', { campaign_id: 'spring', send_id: 'a' });
  const first = await send({ external_user_ids: ['p1', 'p3', 'p4'], send_id: 'a' });
  await send({ external_user_ids: ['p2'] });
  const before: Numbers[] = [['2026-03-15', 2, 2, 2]];
  assert.deepEqual(await series(app), before);

  app.clock.advance(7 * HOUR_MS);
  await runHousekeeping();
  assert.deepEqual(await totalled(), [], '05:00 on the next day');
  app.clock.advance(HOUR_MS);
  await runHousekeeping();
  assert.deepEqual(await totalled(), ['2026-03-15'], '06:00 on the next day');
  assert.deepEqual(await series(app), before);
  const ofSend = '/sends/data_series?campaign_id=spring&send_id=a';
  assert.deepEqual(await series(app, ofSend), [['2026-03-15', 1, 2, 1]]);

  // A row that says otherwise proves where the series is read.
  await app.db.run(sql`
    update campaign_day_totals set numbers = replace(numbers::text, '"failed" : 2', '"failed" : 7')::json`);
  assert.deepEqual(await series(app), [['2026-03-15', 2, 7, 2]]);

  refused.clear();
  app.clock.advance(2 * DAY_MS);
  assert.equal((await app.post(`/dispatches/${first}/replay`, { statuses: ['failed'] })).status, 201);
  await app.drain();
  const after: Numbers[] = [
    ['2026-03-15', 2, 0, 2],
    ['2026-03-18', 2, 0, 2],
  ];
  assert.deepEqual(await series(app), after, 'the failures of the day were taken back');
  await runHousekeeping();
  assert.deepEqual(await totalled(), ['2026-03-15']);
  assert.deepEqual(await series(app), after);

  // The days lose their send ids, which changes rows and no number.
  app.clock.advance(14 * DAY_MS);
  await runHousekeeping();
  assert.deepEqual(await totalled(), ['2026-03-15', '2026-03-18']);
  assert.deepEqual(await series(app), after);
  const { body } = await app.get('/campaigns/details?campaign_id=spring');
  assert.deepEqual([body.first_sent, body.last_sent], ['2026-03-15T22:00:00.000Z', '2026-03-18T06:00:00.000Z']);
});

test('what an older server counts late, or feedback that comes late, shows at once', async (t) => {
  const { app, send, runHousekeeping, totalled } = await start(t);
  await send({ external_user_ids: ['p1', 'p3'] });
  app.clock.advance(2 * DAY_MS);
  const changes = [
    addFailures('2026-03-15', 2),
    sql`insert into feedback_days (campaign_id, day, channel, variation_id, send_id, metric, total)
        values ('spring', '2026-03-15', 'webhook', 'w', '', 'clicks', 1)`,
    sql`update feedback_days set total = total + 1`,
    sql`delete from feedback_days`,
    sql`update campaign_days set failed = failed + 1`,
    sql`delete from campaign_days`,
  ];
  for (const change of changes) {
    await runHousekeeping();
    assert.deepEqual(await totalled(), ['2026-03-15']);
    await app.db.run(change);
    assert.deepEqual(await totalled(), [], change.text);
  }
  await app.db.run(addFailures('2026-03-15', 4));
  assert.deepEqual(await series(app), [['2026-03-15', 0, 4, 0]]);
});

test('a number that changes while its day is added up is in the sum', async (t) => {
  const { app, send } = await start(t);
  await send({ external_user_ids: ['p1', 'p3'] });
  app.clock.advance(2 * DAY_MS);
  let adding: Promise<number> | undefined;
  await app.db.transaction(async (tx) => {
    await tx.run(addFailures('2026-03-15', 2));
    adding = totalPastDays(app.db, app.clock.now());
    for (;;) {
      const { waiting } = await tx.one<{ waiting: number }>(sql`
        select count(*) as waiting from pg_locks where locktype = 'advisory' and not granted
           and database = (select oid from pg_database where datname = current_database())`);
      if (waiting > 0) return;
    }
  });
  assert.equal(await adding, 1);
  const { numbers } = await app.db.one<{ numbers: { failed: number }[] }>(sql`select numbers from campaign_day_totals`);
  assert.deepEqual(
    numbers.map(({ failed }) => failed),
    [3],
  );
  assert.deepEqual(await series(app), [['2026-03-15', 1, 3, 1]]);
});

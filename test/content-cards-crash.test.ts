// A card and the verdict of its send are one commit, so they agree after a killed server and after a broken transaction.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, startServer } from '../rig/process.ts';
import { connect, type Database } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { EVERYBODY, given, startCards, titlesOf } from './support/content-cards.ts';
import { givenPopulation } from './support/population.ts';

const KEY = 'a-key-for-the-crash-test';
const content_card = { type: 'CLASSIC', title: 't', description: 'of {{${braze_id}}}', time_to_live: 86_400 };

interface Books extends Record<string, unknown> {
  sent: number;
  cards: number;
  /** Sends that are sent and have no card, and cards without a send that is. */
  apart: number;
}

function books(db: Database): Promise<Books> {
  return db.one<Books>(sql`
    select count(*) filter (where s.status = 'sent') as sent, count(c.dispatch_id) as cards,
           count(*) filter (where (s.status is not distinct from 'sent') <> (c.dispatch_id is not null)) as apart
      from sends s
      full join cards c on c.bucket = s.bucket and c.user_id = s.user_id and c.dispatch_id = s.dispatch_id`);
}

/** Makes the storing of all cards after the first group wait until the returned function is called. */
async function holdCards(db: Database): Promise<() => Promise<unknown>> {
  await db.run(sql`
    create function wait_for_the_test() returns trigger language plpgsql as $$
    begin
      if exists (select from cards where xmin::text <> pg_current_xact_id()::xid::text) then
        perform pg_advisory_xact_lock_shared(5);
      end if;
      return new;
    end $$`);
  await db.run(sql`
    create trigger wait_for_the_test before insert on cards for each row execute function wait_for_the_test()`);
  const locked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = db.transaction(async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(5)`);
    locked.resolve();
    await released.promise;
  });
  await locked.promise;
  return () => {
    released.resolve();
    return holding;
  };
}

test('after kill -9 while cards are stored and a restart, everybody has exactly one card, also with at_most_once', async (t) => {
  const people = 2_000;
  const folder = dataFolder(t);
  const file = join(folder, 'workspace.yaml');
  writeFileSync(file, `segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]\n`);
  const env = {
    ...{
      CRESSET_DATA_DIR: folder,
      PORT: '0',
      CRESSET_API_KEY: KEY,
      CRESSET_WORKSPACE: file,
      CRESSET_LOG_LEVEL: 'warn',
    },
  };
  const first = await startServer(env);
  const url = await attachEmbedded({ dataDir: folder });
  assert.ok(url !== null);
  const db = connect({ url, max: 3 });
  let release: () => Promise<unknown> = () => Promise.resolve();
  t.after(async () => {
    await release();
    await db.close();
  });
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  await givenPopulation(db, { workspaceId, count: people });
  release = await holdCards(db);
  const response = await fetch(`${first.url}/messages/send`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify({
      ...{ broadcast: true, segment_id: EVERYBODY, messages: { content_card } },
      cresset: { delivery: 'at_most_once' },
    }),
  });
  assert.equal(response.status, 201, await response.clone().text());
  const waits = () =>
    db.one<{ count: number }>(
      sql`select count(*) as count from pg_locks where locktype = 'advisory' and objid = 5 and not granted`,
    );
  while ((await waits()).count === 0);
  const before = await books(db);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');
  assert.equal(before.apart, 0);
  assert.ok(before.sent > 0 && before.sent < people, 'it was killed while cards were being stored');
  await release();

  const second = await startServer(env);
  const state = () => db.one<{ state: string }>(sql`select state from dispatches`);
  while ((await state()).state !== 'finished') await new Promise((again) => setTimeout(again, 50));
  assert.deepEqual(await books(db), { sent: people, cards: people, apart: 0 });
  const { resumed } = await db.one<{ resumed: number }>(sql`select count(*) as resumed from sends where attempts > 1`);
  t.diagnostic(`killed with ${before.sent} of ${people} stored; ${resumed} were tried again`);
  assert.ok(resumed > 0, 'some were in hand');
  assert.equal(await second.end('SIGTERM'), 0);
});

test('a card that the database refuses leaves its send undecided and everybody else served; later it is stored once', async (t) => {
  const app = await startCards(t);
  const names = ['ada', 'bob', 'eve'];
  await given(app, ...names);
  await app.db.run(sql`
    create function refuse() returns trigger language plpgsql as $$
    begin
      raise exception 'no' using errcode = '22000';
    end $$`);
  await app.db.run(sql`
    create trigger refuse before insert on cards for each row when (new.card ->> 'title' = 'of bob') execute function refuse()`);
  const messages = { content_card: { ...content_card, title: 'of {{${user_id}}}' } };
  const { body } = await app.post('/messages/send', { external_user_ids: names, messages });
  await app.drain();
  assert.deepEqual(await books(app.db), { sent: 2, cards: 2, apart: 0 });
  await app.db.run(sql`drop trigger refuse on cards`);
  app.clock.advance(300_000);
  await app.drain();
  assert.deepEqual(await books(app.db), { sent: 3, cards: 3, apart: 0 });
  for (const name of names) assert.deepEqual(await titlesOf(app, name), [`of ${name}`]);
  const replay = await app.post(`/dispatches/${body.dispatch_id}/replay`, {
    statuses: ['failed', 'aborted', 'expired'],
  });
  assert.ok([201, 409].includes(replay.status), JSON.stringify(replay.body));
  await app.drain();
  assert.deepEqual(await books(app.db), { sent: 3, cards: 3, apart: 0 });
});

for (const [verb, delivery, expected] of [
  [null, 'at_most_once', ['ada sent', 'bob sent']],
  ['cancel', 'at_least_once', ['ada cancelled', 'bob cancelled']],
  ['pause', 'at_most_once', ['ada pending', 'bob pending']],
] as const) {
  test(`${verb ?? 'goes on'}, ${delivery}: a card in hand when its worker died was not stored, so its send is never unknown`, async (t) => {
    const app = await startCards(t, { worker: false });
    await given(app, 'ada', 'bob');
    const request = { external_user_ids: ['ada', 'bob'], messages: { content_card }, cresset: { delivery } };
    const { body } = await app.post('/messages/send', request);
    const leasedUntil = new Date(app.clock.now().getTime() + 30_000);
    await app.db.run(sql`
      insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, updated_at, task_id)
      select bucket, ${body.dispatch_id}, user_id, 'content_card',
             case external_id when 'ada' then 'sending' else 'pending' end::send_status, 1, now(), (select id from tasks)
        from profiles`);
    await app.db.run(sql`update dispatches set state = 'sending', targeted = 2 where id = ${body.dispatch_id}`);
    await app.db.run(sql`update tasks set tries = 1, worker = ${randomUUID()}, leased_until = ${leasedUntil}`);
    if (verb !== null) await app.post(`/dispatches/${body.dispatch_id}/${verb}`, {});
    const { worker } = await app.startAnotherWorker();
    await worker?.idle();
    app.clock.advance(31_000);
    await worker?.idle();
    const listed = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body.recipients;
    assert.deepEqual(listed.map((one: Record<string, string>) => `${one.external_id} ${one.status}`).sort(), expected);
    assert.equal((await books(app.db)).apart, 0);
  });
}

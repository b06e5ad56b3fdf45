import assert from 'node:assert/strict';
import { untilTrue } from '../../rig/waiting.ts';
import { raw, sql } from '../../src/db/sql.ts';
import type { TestApp } from './app.ts';

const send = {
  external_user_ids: ['ada'],
  messages: { webhook: { url: 'https://example.com/', request_method: 'GET' } },
};

/**
 * Makes the database read-only, as a standby is. Resolves when the server knows it. The sessions end, except those by which
 * workers show that they live.
 */
export async function makeReadOnly(app: TestApp): Promise<void> {
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  await alterDatabase(app, 'set default_transaction_read_only = on');
  const sessions = sql`
    select pg_terminate_backend(pid)
      from pg_stat_activity
     where datname = current_database() and not starts_with(application_name, 'cresset worker')
     order by pid = pg_backend_pid()`;
  await assert.rejects(app.db.query(sessions));
  await untilTrue('the server knows that nothing can be written', 20_000, async () => {
    await app.post('/messages/send', send);
    return app.db.refusal() !== null;
  });
}

/** Lets the database take writes again. Resolves when everything is stored: sessions that were read-only stay so until they fail. */
export async function makeWritable(app: TestApp): Promise<void> {
  await alterDatabase(app, 'reset default_transaction_read_only');
  await untilTrue('everything is stored again', 30_000, async () => {
    await app.untilTakesWrites();
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.post('/messages/send', send)));
    return answers.every(({ status }) => status === 201) && app.db.refusal() === null;
  });
}

async function alterDatabase({ db }: TestApp, change: string): Promise<void> {
  const { name } = await db.one<{ name: string }>(sql`select current_database() as name`);
  await db.transaction(async (tx) => {
    await tx.run(sql`set transaction read write`);
    await tx.run(sql`${raw(`alter database ${name} ${change}`)}`);
  });
}

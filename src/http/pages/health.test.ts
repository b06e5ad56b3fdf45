import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { connect } from '../../db/database.ts';
import { raw, sql } from '../../db/sql.ts';
import { healthPage } from './health.ts';

const request = {
  params: {},
  query: new URLSearchParams(),
  rawUrl: '/health',
  headers: {},
  rawBody: Buffer.alloc(0),
  address: '127.0.0.1',
};

test('/health itself notices that a database is read-only, and the end of that', async (t) => {
  const { db, url } = await testDatabase(t);
  const { name } = await db.one<{ name: string }>(sql`select current_database() as name`);
  await db.run(sql`${raw(`alter database ${name} set default_transaction_read_only = on`)}`);
  const changes = new EventEmitter();
  const reader = connect({ url, calmMs: 50, onRefusal: () => changes.emit('change') });
  t.after(() => reader.close());
  const ask = async () => JSON.parse((await healthPage(reader, () => null).handle(request)).body as string).database;

  const refusing = await ask();
  assert.deepEqual(Object.keys(refusing), ['state', 'reason', 'since']);
  assert.deepEqual([refusing.state, refusing.reason], ['refuses_writes', 'read_only']);
  await db.run(sql`${raw(`alter database ${name} reset default_transaction_read_only`)}`);
  while (reader.refusal() !== null) await once(changes, 'change');
  assert.deepEqual(Object.keys(await ask()), ['version']);
});

test('if the database does not answer, /health fails with an error that is answered with 503', async () => {
  const away = connect({ url: 'postgres://ada@127.0.0.1:1/x', max: 1 });
  await assert.rejects(async () => healthPage(away, () => null).handle(request), { code: 'ECONNREFUSED' });
  await away.close();
});

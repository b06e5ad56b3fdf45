import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import pg from 'pg';
import { testDatabase } from '../../test/support/database.ts';
import { clientConfig } from '../db/connection.ts';
import { sql } from '../db/sql.ts';
import { createLog } from './log.ts';

function written(): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = [];
  return { lines, log: createLog({ logLevel: 'info' }, undefined, { write: (line) => lines.push(line) }) };
}

test('a broken connection is logged without the client of the driver, its secret key and its password', async (t) => {
  const { db, url } = await testDatabase(t);
  const pool = new pg.Pool(clientConfig(url));
  const broken = once(pool, 'error');
  const client = await pool.connect();
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const password = String((client as unknown as { password: unknown }).password);
  client.release();
  await db.query(sql`select pg_terminate_backend(${processID})`);
  const [error] = await broken;
  assert.equal('client' in error, true, 'the driver still attaches its client');
  const { lines, log } = written();
  log.warn({ err: error }, 'lost');
  log.error({ failure: error, err: new AggregateError([error], 'all', { cause: error }) }, 'lost');
  log.error(error);
  await pool.end();
  for (const line of lines) {
    assert.doesNotMatch(line, /secretKey|_events|connectionParameters/);
    assert.equal(line.includes(String(secretKey)), false);
    assert.equal(line.includes(password), false);
  }
  const { err } = JSON.parse(lines[0] ?? '');
  assert.deepEqual([err.code, err.severity], ['57P01', 'FATAL']);
  assert.match(err.stack, /terminating connection due to administrator command/);
});

test('an error is logged with its causes and its codes, and without values that somebody sent', () => {
  const { lines, log } = written();
  const refused = Object.assign(new Error('duplicate key'), {
    ...{
      code: '23505',
      constraint: 'profiles_pkey',
      detail: 'Key (email)=(ada@acme.test) exists',
      where: 'ada@acme.test',
    },
    ...{ parameters: ['ada@acme.test'], body: 'ada@acme.test' },
  });
  log.error({ err: new Error('not stored', { cause: refused }) }, 'failed');
  log.error({ err: { body: 'ada@acme.test' } }, 'failed');
  log.error({ err: 'thrown as a text' }, 'failed');
  assert.equal(lines.join('').includes('ada@acme'), false);
  const [first, second, third] = lines.map((line) => JSON.parse(line).err);
  assert.deepEqual([first.message, first.cause.code, first.cause.constraint], ['not stored', '23505', 'profiles_pkey']);
  assert.deepEqual(
    [second, third],
    [
      { type: 'object', message: 'not an Error' },
      { type: 'string', message: 'thrown as a text' },
    ],
  );
});

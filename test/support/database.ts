import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { clientConfig } from '../../src/db/connection.ts';
import { connect, type Database } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';

export interface TestDatabase {
  db: Database;
  url: string;
  /** The workspace that every test database starts with. */
  workspaceId: number;
  /** Resolves when the database is not, or no longer, known to refuse writes. */
  untilTakesWrites(): Promise<void>;
  /** Registers what must end before the database closes. The last registered ends first. */
  beforeClose(release: () => Promise<unknown>): void;
}

/** A migrated PostgreSQL database with one workspace, for one test. It is dropped when the test ends. */
export async function testDatabase(t: TestContext): Promise<TestDatabase> {
  // Copying its files costs a third of writing each page to the log.
  const opened = openDatabase(t, await makeDatabase('template cresset_template strategy file_copy'));
  const { id } = await opened.db.one<{ id: number }>(sql`insert into workspaces (name) values ('test') returning id`);
  return { ...opened, workspaceId: id };
}

/** A database that `fill` fills first: it gets the URL of an empty one. It is dropped when the test ends. */
export async function filledDatabase(t: TestContext, fill: (url: string) => Promise<unknown>): Promise<TestDatabase> {
  const name = await makeDatabase('template template0');
  const opened = openDatabase(t, name);
  await fill(opened.url);
  const { id } = await opened.db.one<{ id: number }>(sql`select id from workspaces order by id limit 1`);
  return { ...opened, workspaceId: id };
}

/** The URL of an empty database, which is dropped when the test ends. */
export async function emptyDatabase(t: TestContext): Promise<string> {
  return openDatabase(t, await makeDatabase('template template0')).url;
}

async function makeDatabase(from: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asSuperuser(`create database ${name} owner cresset ${from}`);
  return name;
}

function openDatabase(t: TestContext, name: string): Omit<TestDatabase, 'workspaceId'> {
  const base = process.env.CRESSET_TEST_DATABASE;
  if (base === undefined) throw new Error('run tests with `npm test -- <part of the path>`');
  const url = base.replace('db=cresset', `db=${name}`);
  const refusals = new EventEmitter();
  const db = connect({ url, calmMs: 50, onRefusal: () => refusals.emit('change') });
  const releases: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const release of releases.reverse()) await release();
    await db.close();
    // An autovacuum worker may be at work on the database; before PostgreSQL 18 only a superuser may end one.
    await asSuperuser(`drop database ${name} with (force)`);
  });
  return {
    db,
    url,
    async untilTakesWrites() {
      while (db.refusal() !== null) await once(refusals, 'change');
    },
    beforeClose: (release) => releases.push(release),
  };
}

/** Runs one statement as superuser on the tests' cluster. */
export async function asSuperuser(statement: string): Promise<void> {
  await superuser().query(statement);
}

let pool: pg.Pool | undefined;

/** One connection for all tests of the process. It does not keep the process alive. */
function superuser(): pg.Pool {
  if (pool !== undefined) return pool;
  const base = process.env.CRESSET_TEST_DATABASE ?? '';
  const password = process.env.CRESSET_TEST_SUPERUSER ?? '';
  const connection = clientConfig(base.replace(/user=.*$/, `user=postgres&password=${password}`));
  pool = new pg.Pool({ ...connection, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  pool.on('error', () => undefined); // The pool makes a new connection for the next statement.
  return pool;
}

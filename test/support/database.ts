import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { connect, type Database } from '../../src/db/database.ts';
import { raw, sql } from '../../src/db/sql.ts';
import { copyTemplate, withAdmin } from '../../src/testing/databases.ts';

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
  const base = process.env.CRESSET_TEST_DATABASE;
  if (base === undefined) throw new Error('run tests with `npm test -- <part of the path>`');
  const { name, url } = await withAdmin(base, (admin) => copyTemplate(admin, base, 'test'));
  const refusals = new EventEmitter();
  const db = connect({ url, calmMs: 50, onRefusal: () => refusals.emit('change') });
  const releases: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const release of releases.reverse()) await release();
    await db.close();
    // An autovacuum worker may be at work on the database; before PostgreSQL 18 only a superuser may end one.
    await asSuperuser(`drop database ${name} with (force)`);
  });
  const { id } = await db.one<{ id: number }>(sql`insert into workspaces (name) values ('test') returning id`);
  return {
    db,
    url,
    workspaceId: id,
    async untilTakesWrites() {
      while (db.refusal() !== null) await once(refusals, 'change');
    },
    beforeClose: (release) => releases.push(release),
  };
}

/** Runs one statement as superuser on the tests' cluster. */
export async function asSuperuser(statement: string): Promise<void> {
  const base = process.env.CRESSET_TEST_DATABASE ?? '';
  const password = process.env.CRESSET_TEST_SUPERUSER ?? '';
  const superuser = base.replace(/user=.*$/, `user=postgres&password=${password}`);
  await withAdmin(superuser, (admin) => admin.run(sql`${raw(statement)}`));
}

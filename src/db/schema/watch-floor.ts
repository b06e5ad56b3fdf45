import type { Clock } from '../../lib/clock.ts';
import type { Db } from '../database.ts';
import { sql } from '../sql.ts';
import { ourMigrations } from './migrations.ts';

/** Time between two looks, in milliseconds. An older server may work on a schema that it does not know for so long. */
const EVERY_MS = 5_000;

/**
 * Looks every few seconds whether a newer version has changed the schema in a way that this version does not survive, and then
 * calls `onNewer`, once. Returns how to end that.
 */
export function watchFloor(
  db: Db,
  { clock, onNewer }: { clock: Clock; onNewer(needed: string): void },
): () => Promise<void> {
  let isOver = false;
  let looking = Promise.resolve();
  let cancel: () => void = () => undefined;

  function later(): void {
    cancel = clock.after(EVERY_MS, () => {
      looking = look();
    });
  }

  async function look(): Promise<void> {
    const needed = await readFloor(db).catch(() => null); // A database that is away is told by those who need it.
    if (isOver) return;
    if (needed !== null) onNewer(needed);
    else later();
  }

  later();
  return async () => {
    isOver = true;
    cancel();
    await looking;
  };
}

async function readFloor(db: Db): Promise<string | null> {
  const { floor } = await db.one<{ floor: string | null }>(sql`
    select obj_description(to_regclass('schema_migrations'), 'pg_class') as floor`);
  return unknownFloor(floor);
}

/**
 * The migration that the database needs and that this version does not know. null: there is none. Servers survive newer
 * migrations; one that they do not survive leaves the comment `needs <its name>` on `schema_migrations`.
 */
export function unknownFloor(comment: string | null): string | null {
  const [, needed] = /^needs (\S+)$/.exec(comment ?? '') ?? [];
  return needed === undefined || ourMigrations().includes(needed) ? null : needed;
}

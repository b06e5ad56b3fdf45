import type { Database } from '../../src/db/database.ts';
import { raw, sql } from '../../src/db/sql.ts';

/** Blocks the writing of every piece of an audience with a user id after `userId`, until the returned function is called. */
export async function holdExpansion(db: Database, userId: number): Promise<() => Promise<unknown>> {
  await db.run(sql`
    create function wait_for_the_test() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock_shared(5);
      return new;
    end $$`);
  await db.run(sql`
    create trigger wait_for_the_test before insert on sends for each row
      when (new.user_id > ${raw(String(userId))}) execute function wait_for_the_test()`);
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

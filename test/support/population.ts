import type { Db } from '../../src/db/database.ts';
import { type Sql, sql } from '../../src/db/sql.ts';

export interface Population {
  workspaceId: number;
  count: number;
  first?: number;
  email?: Sql;
}

/**
 * Writes `count` people at once with SQL: `p1`, `p2`, … or from `first` on. `email` is SQL over `n`, the number of the person;
 * by default, each person has their own address.
 */
export async function givenPopulation(
  db: Db,
  { workspaceId, count, first = 1, email = sql`'p' || n || '@example.test'` }: Population,
): Promise<void> {
  await db.run(sql`
    with numbered as materialized (select nextval('user_ids') as user_id, n from generate_series(${first}::integer, ${first + count - 1}::integer) as n),
    named as (
      insert into user_names (workspace_id, label, name, bucket, user_id)
      select ${workspaceId}, '', 'p' || n, bucket_of(user_id), user_id from numbered
    )
    insert into profiles (bucket, user_id, workspace_id, external_id, first_name, email, custom)
    select bucket_of(user_id), user_id, ${workspaceId}, 'p' || n, 'Name ' || n, ${email},
           jsonb_build_object('plan', case when n % 2 = 0 then 'pro' else 'free' end, 'rare', n % 1000 = 7)
      from numbered`);
  await db.run(sql`analyze profiles`);
}

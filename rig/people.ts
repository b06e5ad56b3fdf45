import type { Database } from '../src/db/database.ts';
import { sql } from '../src/db/sql.ts';

/** Writes people straight into the tables. Each has a name, some attributes and one device, of the apps in turn; of no apps, none. */
export async function fillPeople(
  db: Database,
  {
    workspaceId,
    apps,
    count,
    havePhones = false,
  }: { workspaceId: number; apps: readonly { id: string; platform: string }[]; count: number; havePhones?: boolean },
): Promise<void> {
  const ids = apps.map(({ id }) => id);
  const platforms = apps.map(({ platform }) => platform);
  await db.run(sql`
    with numbered as (select nextval('user_ids') as user_id, n from generate_series(1, ${count}::integer) as n)
    insert into profiles (bucket, user_id, workspace_id, external_id, first_name, email, phone, custom)
    select bucket_of(user_id), user_id, ${workspaceId}, 'p' || n, 'Name ' || n, 'p' || n || '@example.test',
           case when ${havePhones} then '+1415' || to_char(n, 'FM0000000') end,
           jsonb_build_object('points', n % 100, 'plan', case when n % 3 = 0 then 'gold' else 'basic' end)
      from numbered`);
  await db.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select workspace_id, '', external_id, bucket, user_id from profiles`);
  await db.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id)
    select bucket, user_id, a.id, encode(sha256(external_id::bytea), 'hex'), a.platform, 'd' || user_id
      from profiles
      join unnest(${ids}::text[], ${platforms}::text[]) with ordinality as a(id, platform, turn)
        on a.turn = user_id % ${apps.length} + 1`);
  await db.run(sql`
    insert into push_token_owners (app_id, token, bucket, user_id)
    select app_id, device_of(token), bucket, user_id from push_targets`);
  await db.run(sql`analyze`);
}

import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { PersonKey } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';
import { groupStateKey } from './save-group-states.ts';

/** The groups that these people, who are locked, have unsubscribed from, as `groupStateKey`. */
export async function leftGroups(tx: Db, people: readonly PersonKey[]): Promise<Set<string>> {
  if (people.length === 0) return new Set();
  const rows = await tx.query<{ user_id: number; group_id: string }>(sql`
    select s.user_id, s.group_id
      from ${askedFor(people)}
      join subscription_states s on s.bucket = asked.bucket and s.user_id = asked.user_id
     where ${inBucketsOf(people, sql`s.bucket`)} and s.state = 'unsubscribed'`);
  return new Set(rows.map(({ user_id, group_id }) => groupStateKey({ userId: user_id, groupId: group_id })));
}

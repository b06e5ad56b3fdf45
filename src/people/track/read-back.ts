import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Json } from '../../lib/raw/json.ts';
import type { Identifier } from '../profile/identifiers.ts';
import { type PersonKey, resolveNames } from '../profile/identify.ts';
import type { Activity } from './activities.ts';

/** The custom attributes of the person whom an identifier names, as far as they are among `names`. null: nobody is there. */
export async function readAttributesOf(
  db: Db,
  { workspaceId, identifier, names }: { workspaceId: number; identifier: Identifier; names: readonly string[] },
): Promise<Record<string, Json> | null> {
  const key = await findPerson(db, workspaceId, identifier);
  if (key === null) return null;
  const row = await db.maybeOne<{ custom: Record<string, Json> }>(sql`
    select custom from profiles where bucket = ${key.bucket} and user_id = ${key.userId}`);
  if (row === null) return null;
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(row.custom).filter(([name]) => wanted.has(name)));
}

/** How often a person did something. */
export interface ActivityTotal {
  first: Date;
  last: Date;
  count: number;
}

/** The totals of what a person did, such as this activity. null: nobody is there, or the person never did it. */
export async function readTotalOf(
  db: Db,
  { workspaceId, activity }: { workspaceId: number; activity: Activity },
): Promise<ActivityTotal | null> {
  const key = await findPerson(db, workspaceId, activity.identifier);
  if (key === null) return null;
  return db.maybeOne<ActivityTotal & Record<string, unknown>>(sql`
    select first_at as first, last_at as last, count
      from activity_totals
     where bucket = ${key.bucket} and user_id = ${key.userId} and kind = ${activity.did.kind} and name = ${activity.did.name}`);
}

/** The person whom an identifier names, as /users/track chooses among several with one address. null: nobody. */
async function findPerson(db: Db, workspaceId: number, identifier: Identifier): Promise<PersonKey | null> {
  if (identifier.kind === 'name') {
    const [key = null] = (await resolveNames(db, workspaceId, [identifier.name])).values();
    return key;
  }
  if (identifier.kind === 'braze_id') {
    const { id } = identifier;
    if (id === null) return null;
    const row = await db.maybeOne<{ created_at: Date }>(sql`
      select created_at from profiles
       where bucket = ${id.bucket} and user_id = ${id.userId} and workspace_id = ${workspaceId}`);
    return row !== null && Math.floor(row.created_at.getTime() / 1000) === id.createdAtS ? id : null;
  }
  const isHolder =
    identifier.kind === 'email'
      ? sql`lower(email) = lower(${identifier.email}) and email is not null`
      : sql`phone = ${identifier.phone}`;
  const row = await db.maybeOne<{ bucket: number; user_id: number }>(sql`
    select bucket, user_id
      from profiles
     where workspace_id = ${workspaceId} and ${isHolder}
     order by external_id is null, updated_at desc, user_id desc
     limit 1`);
  return row && { bucket: row.bucket, userId: row.user_id };
}

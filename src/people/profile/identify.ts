import { textArray } from '../../db/array-text.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { isStorable } from '../../lib/raw/storable.ts';

/** The key of a person. All rows about the person have it. */
export interface PersonKey {
  bucket: number;
  userId: number;
}

/** A name of a person. An external id has the empty label; an alias has its own. */
export interface PersonName {
  label: string;
  name: string;
}

/**
 * A key for maps of names. An external id is its own key, because to join texts and to look for the joined one costs several
 * times as much. Labels contain no NUL (`isStorable` refuses it), so two names never share a key.
 */
export function nameKey(label: string, name: string): string {
  return label === '' && !name.startsWith('\u0000') ? name : `\u0000${label}\u0000${name}`;
}

/**
 * Finds the people with these names, by `nameKey`, in one query. Unknown names are missing. The lateral subquery makes
 * PostgreSQL look up one name after the other. A plan for a join, made while there were few people, may read all names.
 */
export async function resolveNames(
  db: Db,
  workspaceId: number,
  names: readonly PersonName[],
): Promise<Map<string, PersonKey>> {
  // PostgreSQL cannot store NUL or broken Unicode, so nobody has such a name.
  const possible = names.filter(({ label, name }) => isStorable(label) && isStorable(name));
  if (possible.length === 0) return new Map();
  const rows = await db.prepared<{ label: string; name: string; bucket: number; user_id: number }>(
    'resolve_names',
    sql`
    select asked.label, asked.name, n.bucket, n.user_id
      from unnest(${textArray(possible.map(({ label }) => label))}::text[],
                  ${textArray(possible.map(({ name }) => name))}::text[])
           as asked(label, name)
     cross join lateral (
           select bucket, user_id from user_names
            where workspace_id = ${workspaceId} and label = asked.label and name = asked.name
           offset 0) as n`,
  );
  return new Map(rows.map((row) => [nameKey(row.label, row.name), { bucket: row.bucket, userId: row.user_id }]));
}

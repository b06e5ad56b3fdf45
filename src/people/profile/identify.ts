import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { isStorable } from '../../lib/storable.ts';

/** Where all that is known of a person lives. */
export interface PersonKey {
  bucket: number;
  userId: number;
}

/** A name a person is known by: the external id has the empty label, an alias its own. */
export interface PersonName {
  label: string;
  name: string;
}

/** Labels hold no NUL (`isStorable` refuses them), so two names never share a key. */
export function nameKey(label: string, name: string): string {
  return `${label}\u0000${name}`;
}

/** The persons behind these names, by `nameKey`; unknown names are missing. One query. */
export async function resolveNames(
  db: Db,
  workspaceId: number,
  names: readonly PersonName[],
): Promise<Map<string, PersonKey>> {
  // PostgreSQL refuses a text that is not Unicode without NUL; nobody can have such a name.
  const possible = names.filter(({ label, name }) => isStorable(label) && isStorable(name));
  if (possible.length === 0) return new Map();
  const rows = await db.prepared<{ label: string; name: string; bucket: number; user_id: number }>(
    'resolve_names',
    sql`
    select n.label, n.name, n.bucket, n.user_id
      from unnest(${possible.map(({ label }) => label)}::text[], ${possible.map(({ name }) => name)}::text[])
           as asked(label, name)
      join user_names n on n.workspace_id = ${workspaceId} and n.label = asked.label and n.name = asked.name`,
  );
  return new Map(rows.map((row) => [nameKey(row.label, row.name), { bucket: row.bucket, userId: row.user_id }]));
}

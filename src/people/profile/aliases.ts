import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { isObject, own } from '../../lib/raw/json.ts';
import { isGiven } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { addCounts } from '../activity/counts.ts';
import { readAlias, readExternalId } from './identifiers.ts';
import { nameKey, type PersonKey, type PersonName, resolveNames } from './identify.ts';
import { askedFor } from './person-keys.ts';

export interface NewAlias {
  alias: PersonName;
  /** The external id of the person who gets the alias. null: a new anonymous person gets it. */
  externalId: PersonName | null;
}

/**
 * Reads a new alias, whose pair may also stand in a member `user_alias`, as a Ruby client writes it. null: the object
 * names none; the original counts such an object and does nothing. Source: adjacent-endpoints.md §2.3.
 */
export function readNewAlias(value: unknown): NewAlias | null {
  if (!isObject(value)) return null;
  try {
    const externalId = own(value, 'external_id');
    return {
      alias: readAlias(own(value, 'user_alias') ?? value, 'user_aliases'),
      externalId: isGiven(externalId) ? readExternalId(externalId) : null,
    };
  } catch (error) {
    if (error instanceof ObjectProblem) return null;
    throw error;
  }
}

/**
 * Gives aliases to people. Skips an alias that somebody has, a second alias with a label that the person has already,
 * and an external id that nobody has.
 */
export async function addAliases(
  db: Database,
  { aliases, workspaceId, now }: { aliases: readonly NewAlias[]; workspaceId: number; now: Date },
): Promise<void> {
  if (aliases.length === 0) return;
  await retry('people', () => db.transaction((tx) => addAll(tx, { aliases, workspaceId, now })));
}

async function addAll(
  tx: Db,
  { aliases, workspaceId, now }: { aliases: readonly NewAlias[]; workspaceId: number; now: Date },
): Promise<void> {
  const owners = await lockOwners(tx, workspaceId, aliases);
  const taken = new Set(
    (
      await resolveNames(
        tx,
        workspaceId,
        aliases.map(({ alias }) => alias),
      )
    ).keys(),
  );
  const labels = await usedLabels(tx, [...owners.values()]);
  const wanted = new Map<string, { name: PersonName; owner: PersonKey | null }>();
  for (const { alias, externalId } of aliases) {
    const key = nameKey(alias.label, alias.name);
    const owner = externalId === null ? null : owners.get(externalId.name);
    if (owner === undefined || taken.has(key)) continue;
    const label = owner === null ? null : labelKey(owner.userId, alias.label);
    if (label !== null && labels.has(label)) continue;
    if (label !== null) labels.add(label);
    taken.add(key);
    wanted.set(key, { name: alias, owner });
  }
  await insertAliases(tx, { wanted: [...wanted.values()], workspaceId, now });
}

function labelKey(userId: number, label: string): string {
  return `${userId}/${label}`;
}

/** Locks the owners by their external ids, so that no other request deletes them or gives them the same label. */
async function lockOwners(tx: Db, workspaceId: number, aliases: readonly NewAlias[]): Promise<Map<string, PersonKey>> {
  const names = aliases.flatMap(({ externalId }) => (externalId === null ? [] : [externalId.name]));
  if (names.length === 0) return new Map();
  const rows = await tx.query<{ name: string; bucket: number; user_id: number }>(sql`
    select name, bucket, user_id
      from user_names
     where workspace_id = ${workspaceId} and label = '' and name = any(${names}::text[])
     order by label, name
       for update`);
  return new Map(rows.map((row) => [row.name, { bucket: row.bucket, userId: row.user_id }]));
}

async function usedLabels(tx: Db, owners: readonly PersonKey[]): Promise<Set<string>> {
  if (owners.length === 0) return new Set();
  const rows = await tx.query<{ user_id: number; label: string }>(sql`
    select n.user_id, n.label
      from ${askedFor(owners)}
      join user_names n on n.bucket = asked.bucket and n.user_id = asked.user_id`);
  return new Set(rows.map(({ user_id, label }) => labelKey(user_id, label)));
}

async function insertAliases(
  tx: Db,
  {
    wanted,
    workspaceId,
    now,
  }: {
    wanted: readonly { name: PersonName; owner: PersonKey | null }[];
    workspaceId: number;
    now: Date;
  },
): Promise<void> {
  if (wanted.length === 0) return;
  const rows = wanted.map(({ name, owner }) => ({ ...name, owner: owner?.userId ?? null }));
  const named = await tx.query<{ label: string; name: string; bucket: number; user_id: number }>(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${workspaceId}, label, name, bucket_of(user_id), user_id
      from (select label, name, coalesce(owner, nextval('user_ids')) as user_id
              from json_to_recordset(${JSON.stringify(rows)}::json) as x(label text, name text, owner bigint)) as numbered
     order by label, name
        on conflict do nothing
    returning label, name, bucket, user_id`);
  // A request that lost the race for a name makes no person for it.
  const anonymous = new Set(
    wanted.flatMap(({ name, owner }) => (owner === null ? [nameKey(name.label, name.name)] : [])),
  );
  const people = named
    .filter(({ label, name }) => anonymous.has(nameKey(label, name)))
    .map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
  if (people.length === 0) return;
  await tx.run(sql`
    insert into profiles (bucket, user_id, workspace_id, created_at, updated_at)
    select bucket, user_id, ${workspaceId}::integer, ${now}::timestamptz, ${now}::timestamptz from ${askedFor(people)}`);
  const fresh = { metric: 'new_user', name: '', appId: '', at: now, count: people.length, revenue: 0 } as const;
  await addCounts(tx, workspaceId, [fresh]);
}

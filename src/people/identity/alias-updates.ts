import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { nameKey, type PersonKey, type PersonName, resolveNames } from '../profile/identify.ts';

export interface AliasUpdate {
  label: string;
  before: string;
  after: string;
}

/**
 * Gives aliases other names, in order. An alias that nobody has, and a new name that somebody has, are skipped.
 * Source: adjacent-endpoints.md §2.4.
 */
export async function updateAliases(
  db: Database,
  { updates, workspaceId }: { updates: readonly AliasUpdate[]; workspaceId: number },
): Promise<void> {
  await retry('people', () => db.transaction((tx) => updateAll(tx, updates, workspaceId)));
}

async function updateAll(tx: Db, updates: readonly AliasUpdate[], workspaceId: number): Promise<void> {
  const names = updates.flatMap(({ label, before, after }) => [
    { label, name: before },
    { label, name: after },
  ]);
  const read = await resolveNames(tx, workspaceId, names);
  const owners = new Map(read);
  for (const { label, before, after } of updates) {
    const owner = owners.get(nameKey(label, before));
    if (owner === undefined || owners.has(nameKey(label, after))) continue;
    owners.delete(nameKey(label, before));
    owners.set(nameKey(label, after), owner);
  }
  const unique = new Map(names.map((name) => [nameKey(name.label, name.name), name]));
  const changed = [...unique].filter(([key]) => read.get(key)?.userId !== owners.get(key)?.userId);
  await removeNames(tx, { workspaceId, names: changed, owners: read });
  await addNames(tx, { workspaceId, names: changed, owners });
}

interface Change {
  workspaceId: number;
  names: readonly (readonly [key: string, name: PersonName])[];
  owners: ReadonlyMap<string, PersonKey>;
}

/** The names that have an owner, with the owner, in the order in which names are locked. */
function owned({ names, owners }: Change) {
  return names
    .flatMap(([key, name]) => {
      const owner = owners.get(key);
      return owner === undefined ? [] : [{ ...name, ...owner }];
    })
    .sort((one, other) => (nameKey(one.label, one.name) < nameKey(other.label, other.name) ? -1 : 1));
}

async function removeNames(tx: Db, change: Change): Promise<void> {
  const gone = owned(change);
  if (gone.length === 0) return;
  const removed = await tx.run(sql`
    delete from user_names n
     using unnest(${gone.map(({ label }) => label)}::text[], ${gone.map(({ name }) => name)}::text[],
                  ${gone.map(({ userId }) => userId)}::bigint[]) as x(label, name, user_id)
     where n.workspace_id = ${change.workspaceId} and n.label = x.label and n.name = x.name and n.user_id = x.user_id`);
  if (removed < gone.length) throw new Outdated('an alias went away');
}

async function addNames(tx: Db, change: Change): Promise<void> {
  const given = owned(change);
  if (given.length === 0) return;
  const stored = await tx.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${change.workspaceId}, label, name, bucket, user_id
      from unnest(${given.map(({ label }) => label)}::text[], ${given.map(({ name }) => name)}::text[],
                  ${given.map(({ bucket }) => bucket)}::integer[], ${given.map(({ userId }) => userId)}::bigint[])
        as x(label, name, bucket, user_id)
     order by label, name
        on conflict do nothing`);
  if (stored < given.length) throw new Outdated('somebody else has an alias by now');
}

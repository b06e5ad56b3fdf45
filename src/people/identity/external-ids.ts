import type { Database, Db } from '../../db/database.ts';
import { Outdated, retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { nameKey, type PersonKey, resolveNames } from '../profile/identify.ts';
import { askedFor, inBucketsOf } from '../profile/person-keys.ts';

/** A new primary external id for a person. The old one stays as a deprecated one. */
export interface Rename {
  /** Position in the request. */
  index: number;
  current: string;
  next: string;
}

/** `[index, text]` of an object that was not applied. */
export type IndexedError = readonly [index: number, text: string];

export interface RenameOutcome {
  renamed: readonly Rename[];
  errors: readonly IndexedError[];
}

/**
 * Renames external ids, all in one transaction. Objects are applied in order, each for itself. An external id of a
 * person that is not the primary one is deprecated: it still names the person, and nobody else can have it.
 * Source: adjacent-endpoints.md §2.10.
 */
export async function renameExternalIds(
  db: Database,
  { renames, workspaceId, now }: { renames: readonly Rename[]; workspaceId: number; now: Date },
): Promise<RenameOutcome> {
  return retry('people', () => db.transaction((tx) => renameAll(tx, { renames, workspaceId, now })));
}

async function renameAll(
  tx: Db,
  { renames, workspaceId, now }: { renames: readonly Rename[]; workspaceId: number; now: Date },
): Promise<RenameOutcome> {
  const owners = await ownersOf(
    tx,
    workspaceId,
    renames.flatMap(({ current, next }) => [current, next]),
  );
  const { outcome, added } = applyRenames(renames, owners);
  if (added.length === 0) return outcome;
  await addNames(tx, workspaceId, added);
  await changePrimaryIds(tx, { workspaceId, owners: new Set(added.map(({ owner }) => owner)), now });
  return outcome;
}

/** A person with the primary external id that was read, and the one that it gets. */
interface Owner {
  key: PersonKey;
  before: string | null;
  primary: string | null;
}

function applyRenames(
  renames: readonly Rename[],
  owners: Map<string, Owner>,
): { outcome: RenameOutcome; added: { name: string; owner: Owner }[] } {
  const renamed: Rename[] = [];
  const errors: IndexedError[] = [];
  const added: { name: string; owner: Owner }[] = [];
  for (const rename of renames) {
    const { index, current, next } = rename;
    const owner = owners.get(current);
    if (current === next) errors.push([index, 'current_external_id and new_external_id must differ']);
    else if (owner === undefined) errors.push([index, 'current_external_id does not exist']);
    else if (owner.primary !== current) errors.push([index, 'current_external_id is deprecated']);
    else if (owners.has(next)) errors.push([index, 'new_external_id is already in use']);
    else {
      owner.primary = next;
      owners.set(next, owner);
      added.push({ name: next, owner });
      renamed.push(rename);
    }
  }
  return { outcome: { renamed, errors }, added };
}

/** The owners of external ids, primary or deprecated. */
async function ownersOf(tx: Db, workspaceId: number, ids: readonly string[]): Promise<Map<string, Owner>> {
  const named = await resolveNames(
    tx,
    workspaceId,
    ids.map((name) => ({ label: '', name })),
  );
  const people = [...named.values()];
  if (people.length === 0) return new Map();
  const rows = await tx.query<{ user_id: number; external_id: string | null }>(sql`
    select p.user_id, p.external_id
      from ${askedFor(people)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(people, sql`p.bucket`)} and p.workspace_id = ${workspaceId}`);
  const primary = new Map(rows.map(({ user_id, external_id }) => [user_id, external_id]));
  const byUserId = new Map<number, Owner>();
  const owners = new Map<string, Owner>();
  for (const id of new Set(ids)) {
    const key = named.get(nameKey('', id));
    if (key === undefined) continue;
    const before = primary.get(key.userId);
    if (before === undefined) throw new Outdated('a person went away');
    const owner = byUserId.get(key.userId) ?? { key, before, primary: before };
    byUserId.set(key.userId, owner);
    owners.set(id, owner);
  }
  return owners;
}

/** Stores the new names. Throws Outdated if another transaction took one of them meanwhile. */
async function addNames(tx: Db, workspaceId: number, added: readonly { name: string; owner: Owner }[]): Promise<void> {
  const stored = await tx.run(sql`
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${workspaceId}, '', name, bucket, user_id
      from unnest(${added.map(({ name }) => name)}::text[], ${added.map(({ owner }) => owner.key.bucket)}::integer[],
                  ${added.map(({ owner }) => owner.key.userId)}::bigint[]) as x(name, bucket, user_id)
     order by name
        on conflict do nothing`);
  if (stored < added.length) throw new Outdated('somebody else has a new external id by now');
}

/** Throws Outdated if the primary id of somebody is no longer the one that was read. */
async function changePrimaryIds(
  tx: Db,
  { workspaceId, owners, now }: { workspaceId: number; owners: ReadonlySet<Owner>; now: Date },
): Promise<void> {
  const list = [...owners].sort((one, other) => one.key.bucket - other.key.bucket || one.key.userId - other.key.userId);
  const people = list.map(({ key }) => key);
  const rows = await tx.query<{ user_id: number; external_id: string | null }>(sql`
    select user_id, external_id
      from profiles
     where ${inBucketsOf(people, sql`bucket`)} and (bucket, user_id) in (select * from ${askedFor(people)})
       and workspace_id = ${workspaceId}
     order by bucket, user_id
       for update`);
  const current = new Map(rows.map(({ user_id, external_id }) => [user_id, external_id]));
  if (list.some(({ key, before }) => current.get(key.userId) !== before)) throw new Outdated('a person changed');
  await tx.run(sql`
    update profiles p
       set external_id = x.external_id, updated_at = ${now}
      from unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[],
                  ${list.map(({ primary }) => primary)}::text[]) as x(bucket, user_id, external_id)
     where ${inBucketsOf(people, sql`p.bucket`)} and p.bucket = x.bucket and p.user_id = x.user_id`);
}

export interface RemoveOutcome {
  removed: readonly string[];
  errors: readonly IndexedError[];
}

/** Removes deprecated external ids. A primary one stays, and is an error. */
export async function removeExternalIds(
  db: Database,
  { ids, workspaceId }: { ids: readonly string[]; workspaceId: number },
): Promise<RemoveOutcome> {
  return retry('people', () =>
    db.transaction(async (tx) => {
      const owners = await ownersOf(tx, workspaceId, ids);
      const removed = new Set<string>();
      const errors: IndexedError[] = [];
      for (const [index, id] of ids.entries()) {
        const owner = owners.get(id);
        if (owner === undefined || removed.has(id)) errors.push([index, 'external_id does not exist']);
        else if (owner.primary === id) errors.push([index, 'external_id is a primary one']);
        else removed.add(id);
      }
      await removeNames(tx, workspaceId, [...removed], owners);
      return { removed: [...removed], errors };
    }),
  );
}

/** Deletes names that still belong to the people who were read; a deprecated id never becomes a primary one. */
async function removeNames(
  tx: Db,
  workspaceId: number,
  names: readonly string[],
  owners: ReadonlyMap<string, Owner>,
): Promise<void> {
  if (names.length === 0) return;
  const removed = await tx.run(sql`
    delete from user_names n
     using unnest(${names}::text[], ${names.map((name) => owners.get(name)?.key.userId ?? 0)}::bigint[]) as x(name, user_id)
     where n.workspace_id = ${workspaceId} and n.label = '' and n.name = x.name and n.user_id = x.user_id`);
  if (removed < names.length) throw new Outdated('a person went away');
}

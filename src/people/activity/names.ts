import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { nearest } from '../../lib/raw/did-you-mean.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';

export type NameKind = 'event' | 'product' | 'custom_attribute';

/** The type of an attribute's first value, as the original says it. Source: more-endpoints.md §5.4. */
export type DataType = 'String' | 'Number' | 'Boolean' | 'Date' | 'Array' | 'Object' | 'Object Array';

/** A name in use. `dataType` null: the name is not that of an attribute. */
export interface KnownName {
  kind: NameKind;
  name: string;
  dataType: DataType | null;
}

/** Bytes of the names of a workspace that a process remembers, so that it need not ask the database for them. */
const MOST_BYTES = 1_048_576;
const ENTRY_BYTES = 128;
/** The names of which a process has seen a committed row, by the snapshot of their workspace. A new snapshot begins anew. */
const seen = new WeakMap<WorkspaceCatalog, BoundedCache<string, true>>();

function namesOf(workspace: WorkspaceCatalog): BoundedCache<string, true> {
  const known = seen.get(workspace) ?? new BoundedCache({ mostBytes: MOST_BYTES });
  seen.set(workspace, known);
  return known;
}

/** Whether this process has seen a committed row of the name. */
export function isKnownName(workspace: WorkspaceCatalog, kind: NameKind, name: string): boolean {
  return namesOf(workspace).get(keyOf(kind, name)) === true;
}

/**
 * Stores names that are new. A process that has once found a name in the database does not ask again; one that it has
 * written itself is not believed before that, because the transaction may fail.
 */
export async function noteNames(tx: Db, workspace: WorkspaceCatalog, names: readonly KnownName[]): Promise<void> {
  const given = new Map(names.map((one) => [keyOf(one.kind, one.name), one]));
  if (given.size === 0) return;
  const asked = [...given.values()];
  const found = await tx.query<{ kind: NameKind; name: string }>(sql`
    select n.kind, n.name
      from unnest(${asked.map(({ kind }) => kind)}::text[], ${asked.map(({ name }) => name)}::text[]) as x(kind, name)
      join names_in_use n on n.workspace_id = ${workspace.id} and n.kind = x.kind and n.name = x.name`);
  for (const { kind, name } of found) {
    const key = keyOf(kind, name);
    given.delete(key);
    namesOf(workspace).set(key, true, ENTRY_BYTES + 2 * key.length);
  }
  if (given.size === 0) return;
  const fresh = [...given].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, one]) => one);
  await tx.run(sql`
    insert into names_in_use (workspace_id, kind, name, data_type)
    select ${workspace.id}, x.kind, x.name, x.data_type
      from unnest(${fresh.map(({ kind }) => kind)}::text[], ${fresh.map(({ name }) => name)}::text[],
                  ${fresh.map(({ dataType }) => dataType)}::text[]) as x(kind, name, data_type)
        on conflict do nothing`);
}

function keyOf(kind: NameKind, name: string): string {
  return `${kind}/${name}`;
}

export interface ListedName {
  name: string;
  dataType: DataType | null;
}

/** A page of the names that were ever used, in alphabetical order of code points. */
export function listNames(
  db: Db,
  { workspaceId, kind }: { workspaceId: number; kind: NameKind },
  { limit, offset }: { limit: number; offset: number },
): Promise<ListedName[]> {
  return db.query<ListedName & Record<string, unknown>>(sql`
    select name, data_type as "dataType"
      from names_in_use
     where workspace_id = ${workspaceId} and kind = ${kind}
     order by name
     limit ${limit} offset ${offset}::bigint`);
}

/** Names of one kind that are looked through for the one that was meant. */
const MOST_CANDIDATES = 500;

/** How long a process believes that nobody used a name, in milliseconds. */
const UNUSED_MS = 5_000;
/** The unused names that were looked up lately, with the name that was probably meant, by the snapshot of their workspace. */
const unusedLately = new WeakMap<WorkspaceCatalog, BoundedCache<string, { untilMs: number; meant: string | null }>>();

/**
 * Those of these names that nobody ever used, each with the name in use that is nearest to it. null: none is near. Asks
 * the database only for names that this process does not know, so that sends may ask each time.
 */
export async function unusedNames(
  db: Db,
  { workspace, kind, now }: { workspace: WorkspaceCatalog; kind: NameKind; now: Date },
  names: readonly string[],
): Promise<Map<string, string | null>> {
  const lately = unusedLately.get(workspace) ?? new BoundedCache({ mostBytes: MOST_BYTES });
  unusedLately.set(workspace, lately);
  const unused = new Map<string, string | null>();
  const asked: string[] = [];
  for (const name of names) {
    if (isKnownName(workspace, kind, name)) continue;
    const known = lately.get(keyOf(kind, name));
    if (known !== undefined && known.untilMs > now.getTime()) unused.set(name, known.meant);
    else asked.push(name);
  }
  if (asked.length === 0) return unused;
  const used = await usedAmong(db, { workspaceId: workspace.id, kind }, asked);
  const missing = asked.filter((name) => !used.has(name));
  for (const name of used) namesOf(workspace).set(keyOf(kind, name), true, ENTRY_BYTES + 2 * name.length);
  if (missing.length === 0) return unused;
  const known = await listNames(db, { workspaceId: workspace.id, kind }, { limit: MOST_CANDIDATES, offset: 0 });
  const candidates = known.map(({ name }) => name);
  for (const name of missing) {
    const meant = nearest(name, candidates);
    unused.set(name, meant);
    lately.set(keyOf(kind, name), { untilMs: now.getTime() + UNUSED_MS, meant }, ENTRY_BYTES + 2 * name.length);
  }
  return unused;
}

async function usedAmong(
  db: Db,
  { workspaceId, kind }: { workspaceId: number; kind: NameKind },
  names: readonly string[],
): Promise<Set<string>> {
  const used = await db.query<{ name: string }>(sql`
    select x.name
      from unnest(${names}::text[]) as x(name)
     where exists (select from names_in_use n
                    where n.workspace_id = ${workspaceId} and n.kind = ${kind} and n.name = x.name)`);
  return new Set(used.map(({ name }) => name));
}

import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { isStorable } from '../lib/raw/storable.ts';

/** The PostgreSQL channel that announces every change of the catalog. */
export const CATALOG_CHANNEL = 'catalog';

const DEFAULT_NAME = 'default';
/** The name of the segment of everybody, which every workspace has from its beginning. */
export const EVERYBODY = 'All Users';
const CREATION_LOCK = 0x776f726b; // 'work'
const LONGEST_NAME = 255;

/** The workspace that was meant cannot be told, does not exist, or cannot be called so. The message says what to do. */
export class WorkspaceNameError extends Error {
  override name = 'WorkspaceNameError';
}

export interface ListedWorkspace {
  id: number;
  name: string;
  createdAt: Date;
  keys: number;
}

/** Announces a change of the catalog, in its transaction. Servers read the catalog again once that is committed. */
export async function announceChange(tx: Db): Promise<void> {
  await tx.run(sql`select pg_notify(${CATALOG_CHANNEL}, '')`);
}

/** Returns the id of the oldest workspace. If there is none, it makes one with a segment of everybody. */
export async function ensureWorkspace(db: Database): Promise<number> {
  return db.transaction(async (tx) => {
    await lockCreation(tx);
    const oldest = await tx.maybeOne<{ id: number }>(sql`select id from workspaces order by id limit 1`);
    return oldest === null ? make(tx, DEFAULT_NAME) : oldest.id;
  });
}

/** Lists the workspaces, the oldest first. */
export function listWorkspaces(db: Db): Promise<ListedWorkspace[]> {
  return db.query<ListedWorkspace & Record<string, unknown>>(sql`
    select id, name, created_at as "createdAt",
           (select count(*)::int from api_keys k where k.workspace_id = w.id) as keys
      from workspaces w
     order by id`);
}

/** The time zone of a workspace. */
export async function findTimeZone(db: Db, workspaceId: number): Promise<string> {
  const { zone } = await db.one<{ zone: string }>(
    sql`select time_zone as zone from workspaces where id = ${workspaceId}`,
  );
  return zone;
}

/** Makes a workspace with a segment of everybody, and returns its id. Throws WorkspaceNameError if the name is taken. */
export async function addWorkspace(db: Database, name: string): Promise<number> {
  checkName(name);
  return db.transaction(async (tx) => {
    await lockCreation(tx);
    await refuseTaken(tx, name);
    return make(tx, name);
  });
}

/** Throws WorkspaceNameError if there is no workspace named `from`, or another one is named `to`. */
export async function renameWorkspace(db: Database, from: string, to: string): Promise<number> {
  checkName(to);
  return db.transaction(async (tx) => {
    await lockCreation(tx);
    const id = await findWorkspace(tx, from);
    if (from !== to) await refuseTaken(tx, to);
    await tx.run(sql`update workspaces set name = ${to} where id = ${id}`);
    await announceChange(tx);
    return id;
  });
}

/**
 * The id of the workspace named `wanted` or, with null, of the only one, which is made if there is none. `inFile`: the name in
 * a workspace file, which decides between several. Throws WorkspaceNameError if nothing decides: the wrong one would be changed.
 */
export async function chooseWorkspace(
  db: Database,
  wanted: string | null,
  inFile: string | null = null,
): Promise<number> {
  if (wanted !== null) return findWorkspace(db, wanted);
  const first = await ensureWorkspace(db);
  const all = await listWorkspaces(db);
  if (all.length === 1) return first;
  const named = all.find(({ name }) => name === inFile);
  if (named !== undefined) return named.id;
  const otherwise = inFile === null ? '' : ` None is named as the file says, ${JSON.stringify(inFile)}.`;
  throw new WorkspaceNameError(
    `There are several workspaces: ${namesOf(all)}.${otherwise} Say which with --in <workspace>, or with CRESSET_IN.`,
  );
}

/** The id of the workspace with this name. Throws WorkspaceNameError. */
export async function findWorkspace(db: Db, name: string): Promise<number> {
  const all = await listWorkspaces(db);
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found.id;
  throw new WorkspaceNameError(`There is no workspace named ${JSON.stringify(name)}. There are: ${namesOf(all)}.`);
}

function namesOf(workspaces: readonly ListedWorkspace[]): string {
  return workspaces.map(({ name }) => JSON.stringify(name)).join(', ');
}

/** Workspaces are made and renamed one after the other. */
async function lockCreation(tx: Db): Promise<void> {
  await tx.run(sql`select pg_advisory_xact_lock(${CREATION_LOCK})`);
}

async function make(tx: Db, name: string): Promise<number> {
  const { id } = await tx.one<{ id: number }>(sql`insert into workspaces (name) values (${name}) returning id`);
  await tx.run(sql`
    insert into segments (id, workspace_id, name, filter) values (${randomUUID()}, ${id}, ${EVERYBODY}, null)`);
  await announceChange(tx);
  return id;
}

function checkName(name: string): void {
  if (name.trim() !== '' && name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name) && isStorable(name)) return;
  throw new WorkspaceNameError(`The name of a workspace has 1 to ${LONGEST_NAME} characters, without line breaks.`);
}

async function refuseTaken(tx: Db, name: string): Promise<void> {
  const taken = await tx.query(sql`select 1 from workspaces where name = ${name}`);
  if (taken.length > 0) throw new WorkspaceNameError(`There is a workspace named ${JSON.stringify(name)} already.`);
}

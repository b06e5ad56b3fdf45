import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { type Sql, sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import { type Actor, recordChange } from './audit.ts';

/**
 * The lists of the console whose filters can be saved, and the names of the filters of each. None names a person, because
 * whoever deletes a person would have to find it here, too.
 */
export const filtersOf = {
  recipients: ['channel', 'status'],
  dispatches: ['state'],
  requests: ['category'],
  campaigns: ['days', 'archived'],
} as const;
export type FilteredList = keyof typeof filtersOf;
export const filteredLists = Object.keys(filtersOf) as [FilteredList, ...FilteredList[]];

/** Texts by the name of the filter. */
export type ViewFilter = Readonly<Record<string, string>>;

/** A filter of a list under a name, for all operators of the workspace. */
export interface View {
  id: string;
  list: FilteredList;
  name: string;
  filter: ViewFilter;
  madeAt: Date;
  madeBy: string;
  changedAt: Date;
  changedBy: string;
}

export type NewView = Pick<View, 'list' | 'name' | 'filter'>;

/** What is changed of a view. Absent: it stays. */
export type ViewChange = Partial<Pick<View, 'name' | 'filter'>>;

/** Views of one list. Each of its pages reads them all. */
const MOST_VIEWS = 100;
const LOCK = 0x76696577; // 'view'

const columns = sql`id, list, name, filter, made_at as "madeAt", made_by as "madeBy",
           changed_at as "changedAt", changed_by as "changedBy"`;

/** The views of one list or, with null, of all, by name. */
export function listViews(db: Db, workspaceId: number, list: FilteredList | null): Promise<View[]> {
  return db.query<View & Record<string, unknown>>(sql`
    select ${columns}
      from saved_views
     where workspace_id = ${workspaceId} and (${list}::text is null or list = ${list})
     order by list, lower(name), id`);
}

/** Saves a filter under a name. Throws RequestError if the list has such a view, or too many. */
export function createView(db: Database, actor: Actor, { list, name, filter }: NewView, now: Date): Promise<View> {
  return db.transaction(async (tx) => {
    const others = await lockViews(tx, actor.workspaceId, sql`list = ${list}`);
    refuseNamesake(others, name);
    if (others.length >= MOST_VIEWS)
      throw new RequestError('bad_request', [`list: it has ${MOST_VIEWS} views already; delete one first`]);
    const by = { madeAt: now, madeBy: actor.name, changedAt: now, changedBy: actor.name };
    const view: View = { id: randomUUID(), list, name, filter, ...by };
    await tx.run(sql`
      insert into saved_views (id, workspace_id, list, name, filter, made_at, made_by, changed_at, changed_by)
      values (${view.id}, ${actor.workspaceId}, ${list}, ${name}, ${JSON.stringify(filter)}, ${now}, ${actor.name}, ${now},
              ${actor.name})`);
    await recordChange(tx, actor, { action: 'view.create', subject: view.id, before: null, after: shown(view) }, now);
    return view;
  });
}

/**
 * Gives a view another name or filter. `read`: reads the change for the list of the view. Throws RequestError if there is no
 * such view, or another one has the name.
 */
export function changeView(
  db: Database,
  actor: Actor,
  { id, read }: { id: string; read(list: FilteredList): ViewChange },
  now: Date,
): Promise<View> {
  return db.transaction(async (tx) => {
    const { view, others } = await lockView(tx, actor.workspaceId, id);
    const next = { ...view, ...read(view.list), changedAt: now, changedBy: actor.name };
    refuseNamesake(others, next.name);
    await tx.run(sql`
      update saved_views
         set name = ${next.name}, filter = ${JSON.stringify(next.filter)}, changed_at = ${now}, changed_by = ${actor.name}
       where id = ${view.id}`);
    const change = { action: 'view.change', subject: view.id, before: shown(view), after: shown(next) };
    await recordChange(tx, actor, change, now);
    return next;
  });
}

/** Deletes a view. Throws RequestError if there is none. */
export async function deleteView(db: Database, actor: Actor, id: string, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const { view } = await lockView(tx, actor.workspaceId, id);
    await tx.run(sql`delete from saved_views where id = ${view.id}`);
    await recordChange(tx, actor, { action: 'view.delete', subject: view.id, before: shown(view), after: null }, now);
  });
}

/** The view, and the others of its list. */
async function lockView(tx: Db, workspaceId: number, id: string): Promise<{ view: View; others: View[] }> {
  const all = await lockViews(tx, workspaceId, sql`true`);
  const view = all.find((one) => one.id === id);
  if (view === undefined) throw new RequestError('not_found', ['view_id: no view of this workspace has this id']);
  return { view, others: all.filter((one) => one.list === view.list && one !== view) };
}

/** One change of views at a time, so that two cannot both take a name, or the last place. */
async function lockViews(tx: Db, workspaceId: number, which: Sql): Promise<View[]> {
  await tx.run(sql`select pg_advisory_xact_lock(${LOCK}, ${workspaceId})`);
  return tx.query<View & Record<string, unknown>>(sql`
    select ${columns} from saved_views where workspace_id = ${workspaceId} and ${which}`);
}

function refuseNamesake(others: readonly View[], name: string): void {
  if (others.some((one) => one.name.toLowerCase() === name.toLowerCase()))
    throw new RequestError('bad_request', [`name: there is a view named "${name}" of this list already`]);
}

function shown({ list, name, filter }: View) {
  return { list, name, filter: { ...filter } };
}

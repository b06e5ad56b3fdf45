import type { Db } from '../../db/database.ts';
import { joinSql, sql } from '../../db/sql.ts';
import { lastFile } from '../applied-files.ts';
import { type Change, isNamed, isWrite, type Plan } from '../file/plan.ts';

/** Who last wrote a definition that no workspace file has written since. */
export interface Edited {
  what: string;
  /** null: there is only one of its kind. */
  id: string | null;
  /** Such as `operator ada`. */
  by: string;
  at: Date;
}

/** Definitions that were last written in the console or by a command. `what`: only of this kind. */
export async function listEdited(db: Db, workspaceId: number, what: string | null = null): Promise<Edited[]> {
  const ofKind = what === null ? sql`` : sql`and what = ${what}`;
  const rows = await db.query<Edited & { id: string } & Record<string, unknown>>(sql`
    select what, id, edited_by as by, edited_at as at
      from edited_definitions
     where workspace_id = ${workspaceId} ${ofKind}`);
  return rows.map((row) => ({ ...row, id: row.id === '' ? null : row.id }));
}

/** Notes who wrote these things, in the transaction of the edit. */
export async function noteEdited(
  tx: Db,
  workspaceId: number,
  plan: Plan,
  { by, now }: { by: string; now: Date },
): Promise<void> {
  const rows = plan
    .filter((change) => isWrite(change) && isOwned(change))
    .map(({ what, id }) => sql`(${workspaceId}, ${what}, ${id ?? ''}, ${by}, ${now})`);
  if (rows.length === 0) return;
  await tx.run(sql`
    insert into edited_definitions (workspace_id, what, id, edited_by, edited_at)
    values ${joinSql(rows)}
        on conflict (workspace_id, what, id) do update
       set edited_by = excluded.edited_by, edited_at = excluded.edited_at`);
}

/** Says of things that were not written by hand that a file may define them. */
export async function warnOfFiles(tx: Db, workspaceId: number, plan: Plan): Promise<string[]> {
  const file = await lastFile(tx, workspaceId);
  const changed = plan.filter((change) => change.kind === 'change' && isOwned(change));
  if (file === null || changed.length === 0) return [];
  const edited = new Set((await listEdited(tx, workspaceId)).map(keyOf));
  return changed
    .filter((change) => !edited.has(keyOf(change)))
    .map(
      ({ what, name }) =>
        `${name === '' ? what : `${what} "${name}"`}: the next apply of ${file.file} undoes this if that file names it (its last: ${file.by})`,
    );
}

/** Forgets that a thing was written by hand. */
export async function forgetEdited(tx: Db, workspaceId: number, what: string, id: string): Promise<void> {
  await tx.run(sql`
    delete from edited_definitions where workspace_id = ${workspaceId} and what = ${what} and id = ${id}`);
}

/** Gives what a workspace file names to the file, in the transaction of its apply. Returns the plan, which says from whom. */
export async function takeOver(tx: Db, workspaceId: number, plan: Plan): Promise<Plan> {
  const edited = new Map((await listEdited(tx, workspaceId)).map((one) => [keyOf(one), one]));
  if (edited.size === 0) return plan;
  const taken: Change[] = [];
  for (const change of plan) {
    const one = isNamed(change) && isOwned(change) ? edited.get(keyOf(change)) : undefined;
    taken.push(one === undefined ? change : { ...change, taken_over: { by: one.by, at: one.at } });
    if (one !== undefined) await forgetEdited(tx, workspaceId, one.what, one.id ?? '');
  }
  return taken;
}

/** A variation is written with its campaign, and a key belongs to a file by its own mark. */
function isOwned({ what }: Change): boolean {
  return what !== 'message_variation' && what !== 'api_key';
}

function keyOf({ what, id }: Pick<Change, 'what' | 'id'>): string {
  return `${what} ${id ?? ''}`;
}

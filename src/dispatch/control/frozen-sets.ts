import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import { countSelected } from '../ledger/revived-sends.ts';
import { filterFor, type ReplayFilter, type ReplayRequest } from '../plan/replay-filter.ts';
import type { DispatchState } from '../plan/states.ts';
import { type Control, type Replayed, replayDispatch } from './control.ts';

/** Time for which a set may be used, in milliseconds. */
const VALID_MS = 15 * 60_000;
/** Time for which a set can be looked at, in milliseconds. */
const KEPT_MS = 7 * 86_400_000;

/** Sends of a dispatch that is over, counted before anything is done with them. */
export interface FrozenSet {
  id: string;
  /** The id with dashes. */
  dispatchId: string;
  filter: ReplayFilter;
  recipients: number;
  /** Number of those whose person may have the message already. */
  inDoubt: number;
  frozenAt: Date;
  frozenBy: string;
  expiresAt: Date;
  /** null: it was not used yet. */
  usedAt: Date | null;
  usedBy: string | null;
}

interface Asked {
  db: Database;
  workspaceId: number;
  /** Name of the operator. */
  by: string;
  now: Date;
}

/** Counts and keeps the sends that a replay would try again. Throws RequestError if the dispatch is not over. */
export async function freezeSet(
  { db, workspaceId, by, now }: Asked,
  dispatch: { id: string; state: DispatchState; replays: readonly unknown[] },
  request: ReplayRequest,
): Promise<FrozenSet> {
  const { id: dispatchId, state, replays } = dispatch;
  if (state !== 'finished' && state !== 'cancelled') {
    const problem = `dispatch_id: the dispatch is ${state}; what still changes cannot be counted. Pause and cancel it, or wait`;
    throw new RequestError('wrong_state', [problem]);
  }
  const filter = filterFor(state, request);
  const { recipients, inDoubt } = await countSelected(db, { dispatchId, state }, filter);
  const id = randomUUID();
  const expiresAt = new Date(now.getTime() + VALID_MS);
  await db.run(sql`delete from frozen_sets where expires_at < ${new Date(now.getTime() - KEPT_MS)}`);
  await db.run(sql`
    insert into frozen_sets (id, workspace_id, dispatch_id, filter, recipients, in_doubt, replays, frozen_at, frozen_by, expires_at)
    values (${id}, ${workspaceId}, ${dispatchId}, ${JSON.stringify(filter)}, ${recipients}, ${inDoubt},
            ${replays.length}, ${now}, ${by}, ${expiresAt})`);
  const unused = { usedAt: null, usedBy: null };
  return { id, dispatchId, filter, recipients, inDoubt, frozenAt: now, frozenBy: by, expiresAt, ...unused };
}

/** Throws RequestError if the workspace has no such set. */
export async function readSet(db: Db, workspaceId: number, id: string): Promise<FrozenSet> {
  const found = await db.maybeOne<FrozenSet & Record<string, unknown>>(sql`
    select id, dispatch_id as "dispatchId", filter, recipients, in_doubt as "inDoubt", frozen_at as "frozenAt",
           frozen_by as "frozenBy", expires_at as "expiresAt", used_at as "usedAt", used_by as "usedBy"
      from frozen_sets
     where id::text = ${id} and workspace_id = ${workspaceId}`);
  if (found === null) throw new RequestError('not_found', ['set_id: no set has this id, or it is too old']);
  return found;
}

/**
 * Tries the sends of a set again, once. Throws RequestError if it was used, is too old, or its dispatch was replayed since.
 * The replay itself refuses if the sends are not as many as were counted.
 */
export async function replaySet(
  { db, workspaceId, by, now }: Asked,
  id: string,
  control: Omit<Control, 'dispatchId'>,
): Promise<Replayed> {
  const set = await readSet(db, workspaceId, id);
  const { dispatchId, filter, recipients } = set;
  const taken = await db.run(sql`
    update frozen_sets s
       set used_at = ${now}, used_by = ${by}
     where s.id::text = ${id} and s.used_at is null and s.expires_at > ${now}`);
  if (taken === 0) throw new RequestError('wrong_state', [whyNot(set)]);
  try {
    await refuseChanged(db, id, dispatchId);
    return await replayDispatch({ ...control, dispatchId }, filter, recipients);
  } catch (error) {
    await db.run(sql`update frozen_sets set used_at = null, used_by = null where id::text = ${id}`);
    throw error;
  }
}

function whyNot({ usedAt, usedBy, expiresAt }: FrozenSet): string {
  if (usedAt !== null) return `set_id: ${usedBy} used this set at ${usedAt.toISOString()}; a set is used once`;
  return `set_id: this set could be used until ${expiresAt.toISOString()}; count again`;
}

async function refuseChanged(db: Db, id: string, dispatchId: string): Promise<void> {
  const same = await db.query(sql`
    select 1
      from frozen_sets s, dispatches d
     where s.id::text = ${id} and d.id = ${dispatchId} and json_array_length(d.replays) = s.replays`);
  if (same.length === 0)
    throw new RequestError('wrong_state', ['set_id: the dispatch was replayed since; count again']);
}

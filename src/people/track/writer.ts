import { type Database, type Db, isCommitUnclear, type Transaction } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { isUnexplainedEnd, troubleOf } from '../../db/trouble.ts';
import { applyRequests } from './apply.ts';
import type { TrackProblem } from './request.ts';
import type { TrackWork, TrackWriter } from './track.ts';

export interface WriterOptions {
  db: Database;
  now(): Date;
  /** Logs that this many groups were set without the confirmation for which a request asks. Default: no log. */
  logIgnored?(tx: Db, ignored: { workspaceId: number; confirmations: number; now: Date }): Promise<void>;
}

/** Writes each request in a transaction of its own. */
export function createWriter(options: WriterOptions): TrackWriter {
  return async (work) => {
    const [problems = []] = await writeTogether(options, [work]);
    return problems;
  };
}

/**
 * Writes requests of one workspace in one transaction, in order. Returns the problems of each. The transaction is tried
 * again when it loses against another one, and when its connection breaks before the commit.
 */
export async function writeTogether(
  { db, now, logIgnored = async () => undefined }: WriterOptions,
  works: readonly TrackWork[],
): Promise<TrackProblem[][]> {
  const [first] = works;
  if (first === undefined) return [];
  const { workspace } = first;
  const at = now();
  const write = async (tx: Transaction, isFirstTry: boolean) => {
    for (const work of works) {
      const confirmations = confirmationsOf(work);
      if (confirmations > 0) await logIgnored(tx, { workspaceId: workspace.id, confirmations, now: at });
    }
    const requests = works.map(({ request }) => request);
    return applyRequests(tx, requests, { workspace, now: at, isFirstTry });
  };
  return retry('people', (tries) => {
    const commit = () => db.byKey.transaction((tx) => write(tx, tries === 1));
    return commit().catch((error: unknown) => onceMore(commit, error));
  });
}

function confirmationsOf({ request }: TrackWork): number {
  return request.attributes.flatMap(({ object }) => object.groups).filter(({ asksToConfirm }) => asksToConfirm).length;
}

/** A connection that broke before the commit has left nothing behind, so another one may do the work. */
async function onceMore<T>(commit: () => Promise<T>, error: unknown): Promise<T> {
  if (isCommitUnclear(error) || troubleOf(error)?.kind !== 'unreachable') throw error;
  return commit();
}

/**
 * Whether the failure of several requests may be the fault of one: of a value, a lock or a mistake of ours. Otherwise the
 * database is in trouble, and they would all fail alone, too.
 */
export function isOnesFault(error: unknown): boolean {
  if (isCommitUnclear(error)) return false;
  const trouble = troubleOf(error);
  // PostgreSQL's table of locks is memory, too. Fewer requests need fewer locks.
  return trouble === null || trouble.kind === 'out_of_memory' || isUnexplainedEnd(error);
}

import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { isDataError, isSqlstate, sqlstateOf } from '../../db/sqlstates.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { mergeCustomIndex } from '../profile/custom-index.ts';
import { readAttributes } from '../track/attributes.ts';
import { readObjects, type TrackProblem, type TrackRequest } from '../track/request.ts';
import { applyTrack } from '../track/track.ts';
import { type Batch, type BatchLimits, batchLimits, cutBatches } from './batches.ts';
import { type Entry, ImportFileError } from './entry.ts';
import { footprintOf, Lanes } from './overlap.ts';
import type { BatchResult, Progress, Reject } from './progress.ts';

/** Live requests about the same people may come between again and again; a file has the time to wait. */
const PATIENCE_ROUNDS = 10;

export interface ImportDeps {
  db: Database;
  workspace: WorkspaceCatalog;
  now(): Date;
}

export interface ImportOptions {
  entries: AsyncIterable<Entry[]>;
  progress: Progress;
  /** Reads and checks, and applies nothing. */
  dryRun: boolean;
  /** Batches applied at the same time, each on a connection of its own. */
  lanes: number;
  limits?: BatchLimits;
  /** Ends between two batches. */
  signal: AbortSignal;
  onReject(line: number, reason: string, shown: unknown): void | Promise<void>;
  onProgress(totals: ImportTotals): void;
}

export interface ImportTotals {
  /** Records, the rejected among them; those of earlier runs count too. */
  records: number;
  rejected: number;
  /** Records that earlier runs had applied. */
  resumed: number;
}

/**
 * Applies the attributes objects of a file: as /users/track does, in the order of the file, in batches of a transaction
 * each. What it holds in memory does not grow with the file. Resolves to 'stopped' after `signal`.
 */
export async function importPeople(
  deps: ImportDeps,
  options: ImportOptions,
): Promise<ImportTotals & { end: 'finished' | 'stopped' }> {
  const totals: ImportTotals = { records: 0, rejected: 0, resumed: 0 };
  const lanes = new Lanes(options.lanes);
  let isWhole = true;
  const count = async (batch: Batch, { records, rejects }: BatchResult) => {
    await tellRejects(batch, rejects, options);
    totals.records += records;
    totals.rejected += rejects.length;
    options.onProgress(totals);
  };
  try {
    for await (const batch of cutBatches(options.entries, options.limits ?? batchLimits)) {
      isWhole = !options.signal.aborted;
      if (!isWhole) break;
      const done = options.progress.done.get(batch.number);
      if (done !== undefined) {
        totals.resumed += done.records;
        await count(batch, done);
        continue;
      }
      const request = readBatch(batch, deps.workspace);
      // One instant for the batch, taken in the order of the file: who was updated last decides whom an address names.
      const now = deps.now();
      const work = async () => count(batch, await applyBatch({ ...deps, ...options, now }, batch, request));
      await lanes.start(footprintOf(request), work);
    }
    await lanes.finish();
  } finally {
    await lanes.idle();
  }
  if (!isWhole) return { ...totals, end: 'stopped' };
  if (!options.dryRun) {
    if (totals.records >= worthTidying) await tidyIndexes(deps.db);
    await options.progress.finish(deps.now(), totals);
  }
  return { ...totals, end: 'finished' };
}

/** Fewer change nothing for the planner, and are merged by the servers. */
const worthTidying = 10_000;

/** What PostgreSQL would do by itself within minutes, so that the first audience is found fast. */
async function tidyIndexes(db: Database): Promise<void> {
  await mergeCustomIndex(db);
  await db.run(sql`analyze profiles, user_names`);
}

/** Its places are those in the batch. */
function readBatch({ entries }: Batch, workspace: WorkspaceCatalog): TrackRequest {
  const problems: TrackProblem[] = [];
  const sources = entries.map((entry) => () => entry.read());
  const attributes = readObjects('attributes', sources, (raw) => readAttributes(raw, workspace), problems);
  return { attributes, activities: [], problems };
}

async function applyBatch(
  {
    db,
    workspace,
    now,
    dryRun,
    progress,
  }: Omit<ImportDeps, 'now'> & { now: Date; dryRun: boolean; progress: Progress },
  { number, entries }: Batch,
  request: TrackRequest,
): Promise<BatchResult> {
  const reject = ({ index, type }: TrackProblem): Reject => [entries[index]?.line ?? 0, type];
  const early = request.problems.map(reject);
  const records = entries.length;
  if (dryRun) return { records, rejects: early };
  const transaction = () =>
    db.transaction(async (tx) => {
      const known = await progress.claim(tx, number, { records, rejects: early });
      if (known !== null) return known;
      const late = (await applyTrack(tx, request, workspace, now)).map(reject);
      const rejects = [...early, ...late].sort(([one], [other]) => one - other);
      if (late.length > 0) await progress.amend(tx, number, rejects);
      return { records, rejects };
    });
  return retry('people', transaction, PATIENCE_ROUNDS).catch((error: unknown) => {
    throw isDataError(error) ? refused(entries, error) : error;
  });
}

/** Says where, and not what: PostgreSQL's own message may quote what is known of a person. */
function refused(entries: readonly Entry[], error: unknown): ImportFileError {
  // The row of the import is gone.
  if (isSqlstate(error, 'foreign_key_violation')) {
    return new ImportFileError('Another run has begun the import of this file anew; this one ends.', { cause: error });
  }
  const [first, last] = [entries.at(0)?.line, entries.at(-1)?.line];
  return new ImportFileError(
    `PostgreSQL refused something in lines ${first} to ${last} (SQLSTATE ${sqlstateOf(error)}); all before is applied.`,
    { cause: error },
  );
}

async function tellRejects(
  { entries }: Batch,
  rejects: readonly Reject[],
  { onReject }: Pick<ImportOptions, 'onReject'>,
): Promise<void> {
  if (rejects.length === 0) return;
  const byLine = new Map(entries.map((entry) => [entry.line, entry]));
  for (const [line, reason] of rejects) await onReject(line, reason, byLine.get(line)?.shown());
}

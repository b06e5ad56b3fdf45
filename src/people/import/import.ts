import type { Database } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { isDataError, isSqlstate, sqlstateOf } from '../../db/sqlstates.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { mergeCustomIndex } from '../profile/custom-index.ts';
import { sentenceOf } from '../remarks.ts';
import { readAttributes } from '../track/attributes.ts';
import { readObjects, remarksOf, type TrackProblem, type TrackRequest } from '../track/request.ts';
import { applyTrack } from '../track/track.ts';
import { type Batch, type BatchLimits, batchLimits, cutBatches } from './batches.ts';
import { type Entry, ImportFileError } from './entry.ts';
import { footprintOf, ParallelBatches } from './overlap.ts';
import type { BatchResult, Progress, Reject } from './progress.ts';

/** How often a batch is retried: live requests may change the same people many times, and an import has time. */
const PATIENCE_ROUNDS = 10;

export interface ImportDeps {
  db: Database;
  workspace: WorkspaceCatalog;
  now(): Date;
}

export interface ImportOptions {
  entries: AsyncIterable<Entry[]>;
  progress: Progress;
  /** Reads and checks the file, but applies nothing. */
  dryRun: boolean;
  /** Number of batches applied at the same time. Each has a connection of its own. */
  parallelBatches: number;
  limits?: BatchLimits;
  /** Stops the import at the end of a batch. */
  signal: AbortSignal;
  onReject(line: number, reason: string, shown: unknown): void | Promise<void>;
  onProgress(totals: ImportTotals): void;
}

export interface ImportTotals {
  /** Number of records, with the rejected ones and those of earlier runs. */
  records: number;
  rejected: number;
  /** Number of records that earlier runs applied. */
  resumed: number;
}

/**
 * Applies the attributes objects of a file in order, as /users/track does. Each batch is one transaction. Memory does
 * not grow with the file. Resolves with `end: 'stopped'` when `signal` stopped it. Throws ImportFileError.
 */
export async function importPeople(
  deps: ImportDeps,
  options: ImportOptions,
): Promise<ImportTotals & { end: 'finished' | 'stopped' }> {
  const totals: ImportTotals = { records: 0, rejected: 0, resumed: 0 };
  const running = new ParallelBatches(options.parallelBatches);
  let isWhole = true;
  const count = async (batch: Batch, { records, rejects }: BatchResult) => {
    await reportRejects(batch, rejects, options);
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
      // Each batch has one instant, taken in file order, because an address names the person who was updated last.
      const now = deps.now();
      const work = async () => count(batch, await applyBatch({ ...deps, ...options, now }, batch, request));
      await running.start(footprintOf(request), work);
    }
    await running.finish();
  } finally {
    await running.idle();
  }
  if (!isWhole) return { ...totals, end: 'stopped' };
  if (!options.dryRun) {
    if (totals.records >= minRecordsToTidy) await tidyIndexes(deps.db);
    await options.progress.finish(deps.now(), totals);
  }
  return { ...totals, end: 'finished' };
}

/** Fewer records change nothing for the planner, and a server soon merges their index entries. */
const minRecordsToTidy = 10_000;

/** Does what PostgreSQL would do by itself within minutes, so that the first audience query is fast. */
async function tidyIndexes(db: Database): Promise<void> {
  await mergeCustomIndex(db);
  await db.run(sql`analyze profiles, user_names`);
}

/** Reads the records of a batch. An `index` in the result is the record's position in the batch. */
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
  const early = rejectsOf(entries, request, []);
  const records = entries.length;
  if (dryRun) return { records, rejects: early };
  const transaction = () =>
    db.transaction(async (tx) => {
      const known = await progress.claim(tx, number, { records, rejects: early });
      if (known !== null) return known;
      const late = await applyTrack(tx, request, workspace, now);
      const rejects = rejectsOf(entries, request, late);
      if (late.length > 0) await progress.amend(tx, number, rejects);
      return { records, rejects };
    });
  return retry('people', transaction, PATIENCE_ROUNDS).catch((error: unknown) => {
    throw isDataError(error) ? batchError(entries, error) : error;
  });
}

/** One reject for each record that was refused, or applied without what is wrong in it. `late`: found while applying. */
function rejectsOf(
  entries: readonly Entry[],
  { problems, attributes }: TrackRequest,
  late: readonly TrackProblem[],
): Reject[] {
  const early = attributes.flatMap(({ index, object }) => remarksOf(index, object.remarks));
  const lineOf = (index: number) => entries[index]?.line ?? 0;
  const refused = problems.map((problem): Reject => [lineOf(problem.index), sentenceOf(problem)]);
  const partly = [...Map.groupBy([...early, ...late], ({ index }) => index)].map(
    ([index, left]): Reject => [lineOf(index), `applied, but for: ${left.map(sentenceOf).join('; ')}`],
  );
  return [...refused, ...partly].sort(([one], [other]) => one - other);
}

/** Names the lines, but leaves out PostgreSQL's own message, because it may quote personal data. */
function batchError(entries: readonly Entry[], error: unknown): ImportFileError {
  // The import's row is gone: a run with `restart` deleted it.
  if (isSqlstate(error, 'foreign_key_violation')) {
    return new ImportFileError('Another run has begun the import of this file anew; this one ends.', { cause: error });
  }
  const [first, last] = [entries.at(0)?.line, entries.at(-1)?.line];
  return new ImportFileError(
    `PostgreSQL refused something in lines ${first} to ${last} (SQLSTATE ${sqlstateOf(error)}); all before is applied.`,
    { cause: error },
  );
}

async function reportRejects(
  { entries }: Batch,
  rejects: readonly Reject[],
  { onReject }: Pick<ImportOptions, 'onReject'>,
): Promise<void> {
  if (rejects.length === 0) return;
  const byLine = new Map(entries.map((entry) => [entry.line, entry]));
  for (const [line, reason] of rejects) await onReject(line, reason, byLine.get(line)?.shown());
}

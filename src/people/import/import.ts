import type { Database, Transaction } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import { sql } from '../../db/sql.ts';
import { isDataError, isSqlstate, sqlstateOf } from '../../db/sqlstates.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { mergeCustomIndex } from '../profile/custom-index.ts';
import { type Remark, sentenceOf } from '../remarks.ts';
import { applyTrack } from '../track/apply.ts';
import { footprintOf } from '../track/footprint.ts';
import { type Batch, type BatchLimits, batchLimits, cutBatches } from './batches.ts';
import { type Entry, ImportFileError, type RecordKind, type Shown } from './entry.ts';
import { InOrder } from './in-order.ts';
import type { LaterLines } from './later-lines.ts';
import { ParallelBatches } from './parallel-batches.ts';
import type { BatchResult, Progress, Reject } from './progress.ts';
import { type ReadBatch, readBatch } from './read-batch.ts';

/** How often a batch is retried: live requests may change the same people many times, and an import has time. */
const PATIENCE_ROUNDS = 10;

export interface ImportDeps {
  db: Database;
  workspace: WorkspaceCatalog;
  now(): Date;
}

export interface ImportOptions {
  entries: AsyncIterable<Entry[]>;
  /** What the records are. Default: attributes. */
  records?: RecordKind;
  /** Whether a record is applied without the cells that cannot be read. */
  skipBadCells?: boolean;
  progress: Progress;
  /** Reads and checks the file, but applies nothing. */
  dryRun: boolean;
  /** Number of batches applied at the same time. Each has a connection of its own. */
  parallelBatches: number;
  limits?: BatchLimits;
  /** Stops the import at the end of a batch. */
  signal: AbortSignal;
  /** Called in the order of the file. */
  onReject(reject: Reject, shown: Shown): void | Promise<void>;
  onProgress(totals: ImportTotals): void;
  /** Gets to know which people of rejected lines come again. Absent: nobody asks. */
  later?: LaterLines;
}

export interface ImportTotals {
  /** Number of records, with the rejected ones and those of earlier runs. */
  records: number;
  /** Number of records that were rejected or applied in part. */
  rejected: number;
  /** Number of records that were applied in part. */
  partial: number;
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
  const totals: ImportTotals = { records: 0, rejected: 0, partial: 0, resumed: 0 };
  const running = new ParallelBatches(options.parallelBatches);
  const { records = 'attributes', skipBadCells = false } = options;
  let isWhole = true;
  const results = new InOrder(async ({ batch, rejects, objects }: Result) => {
    await reportRejects(batch, rejects, options);
    if (options.later !== undefined) noteLines(options.later, batch, rejects, objects);
    totals.records += batch.entries.length;
    totals.rejected += rejects.length;
    totals.partial += rejects.filter(({ isPartial }) => isPartial).length;
    options.onProgress(totals);
  });
  try {
    for await (const batch of cutBatches(options.entries, options.limits ?? batchLimits)) {
      isWhole = !options.signal.aborted;
      if (!isWhole) break;
      const done = options.progress.done.get(batch.number);
      if (done !== undefined) {
        totals.resumed += done.records;
        await results.add(batch.number, { batch, objects: null, ...done });
        continue;
      }
      // Each batch has one instant, taken in file order, because an address names the person who was updated last.
      const now = deps.now();
      const read = readBatch(batch, { workspace: deps.workspace, records, skipBadCells, now });
      await running.start(footprintOf(read.request), async () => {
        try {
          const result = await applyBatch({ ...deps, ...options, now }, batch, read);
          await results.add(batch.number, { batch, objects: read.objects, ...result });
        } catch (error) {
          results.fail(error);
          throw error;
        }
      });
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

interface Result extends BatchResult {
  batch: Batch;
  /** null: an earlier run applied the batch, so it was not read. */
  objects: readonly unknown[] | null;
}

/** Nothing is read a second time unless there is somebody to watch for. */
function noteLines(
  later: LaterLines,
  { entries }: Batch,
  rejects: readonly Reject[],
  objects: readonly unknown[] | null,
): void {
  if (rejects.length === 0 && !later.isWatching) return;
  const byLine = new Map(rejects.map((reject) => [reject.line, reject]));
  for (const [index, entry] of entries.entries()) {
    const reject = byLine.get(entry.line);
    if (reject === undefined && !later.isWatching) continue;
    const object = objects === null ? objectOf(entry) : objects[index];
    if (reject?.isPartial !== false) later.applied(entry.line, object);
    if (reject !== undefined) later.rejected(entry.line, object);
  }
}

function objectOf(entry: Entry): unknown {
  try {
    return entry.read().object;
  } catch (error) {
    if (error instanceof ObjectProblem) return null;
    throw error;
  }
}

/** Fewer records change nothing for the planner, and a server soon merges their index entries. */
const minRecordsToTidy = 10_000;

/** Does what PostgreSQL would do by itself within minutes, so that the first audience query is fast. */
async function tidyIndexes(db: Database): Promise<void> {
  await mergeCustomIndex(db);
  await db.run(sql`analyze profiles, user_names`);
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
  read: ReadBatch,
): Promise<BatchResult> {
  const early = rejectsOf(entries, read, []);
  const records = entries.length;
  if (dryRun) return { records, rejects: early };
  const transaction = (tries: number) =>
    db.byKey.transaction(async (tx) => {
      if (progress.isRecorded) withoutWaiting(tx);
      const known = await progress.claim(tx, number, { records, rejects: early });
      if (known !== null) return known;
      const late = await applyTrack(tx, read.request, workspace, now, tries === 1);
      const rejects = rejectsOf(entries, read, late);
      if (late.length > 0) await progress.amend(tx, number, rejects);
      return { records, rejects };
    });
  return retry('people', transaction, PATIENCE_ROUNDS).catch((error: unknown) => {
    throw isDataError(error) ? batchError(entries, error) : error;
  });
}

/**
 * Commits without waiting for the disk. A crash of PostgreSQL may then take back the last batches with their records, and
 * the next run applies them. The end of the import is recorded in a commit that waits, for all commits before it, too.
 */
function withoutWaiting(tx: Transaction): void {
  tx.later('commit_without_waiting', sql`set local synchronous_commit = off`);
}

/** One reject for each record that was refused, or applied without what is wrong in it. `late`: found while applying. */
function rejectsOf(
  entries: readonly Entry[],
  { refused, left }: ReadBatch,
  late: readonly (Remark & { index: number })[],
): Reject[] {
  const lineOf = (index: number) => entries[index]?.line ?? 0;
  const whole = refused.map(({ index, reasons }): Reject => ({ line: lineOf(index), reasons, isPartial: false }));
  const partial = [...Map.groupBy([...left, ...late], ({ index }) => index)].map(
    ([index, problems]): Reject => ({
      line: lineOf(index),
      reasons: problems.map(sentenceOf),
      isPartial: true,
    }),
  );
  return [...whole, ...partial].sort((one, other) => one.line - other.line);
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
  for (const reject of rejects) await onReject(reject, byLine.get(reject.line)?.shown() ?? { record: null });
}

import type { Database } from '../db/database.ts';
import { troubleOf } from '../db/trouble.ts';
import { DatabaseUnusableError } from '../db/unusable.ts';
import { systemClock } from '../lib/clock.ts';
import { batchLimits } from '../people/import/batches.ts';
import { plainCsv } from '../people/import/columns.ts';
import { Doubts } from '../people/import/doubts.ts';
import type { RecordKind } from '../people/import/entry.ts';
import { systems } from '../people/import/from/systems.ts';
import { type ImportTotals, importPeople } from '../people/import/import.ts';
import { LaterLines } from '../people/import/later-lines.ts';
import { noProgress, type Opened, openImport } from '../people/import/progress.ts';
import { RejectsFile } from '../people/import/rejects-file.ts';
import { type FileIdentity, identify } from '../people/import/source.ts';
import { loadCatalog } from '../workspace/load-catalog.ts';
import type { Secret } from '../workspace/secrets.ts';
import { type ReadingCommand, readRecords, translatorOf } from './import-reading.ts';
import { ImportReport } from './import-report.ts';
import { CommandEnd, type Terminal } from './terminal.ts';

export interface ImportCommand extends ReadingCommand {
  records: RecordKind;
  /** The options that the first line of the rejects file names. null: it has no such line. */
  keptOptions: readonly string[] | null;
  /** Whether a row is applied without the cells that cannot be read. */
  skipBadCells: boolean;
  /** The file for rejected records. null: they are not kept. */
  rejectsPath: string | null;
  dryRun: boolean;
  restart: boolean;
  json: boolean;
  /** Batches written at the same time, each on its own connection. */
  parallelBatches: number;
}

/** Runs one `cresset users import` and reports on it. Throws CommandEnd if it was interrupted or a record is rejected. */
export async function runImport(
  db: Database,
  {
    workspaceId,
    command,
    secret,
    terminal,
  }: { workspaceId: number; command: ImportCommand; secret: Secret; terminal: Terminal },
): Promise<void> {
  const workspace = (await loadCatalog(db, secret)).workspace(workspaceId);
  if (workspace === undefined) throw new Error('the workspace is not in the catalog');
  const translator = translatorOf(command.foreign, workspace);
  const identity = command.path === null ? null : await identify(command.path);
  const opened = await open(db, workspaceId, command, identity);
  const report = new ImportReport(terminal, { ...command, sizeBytes: identity?.sizeBytes ?? null });
  if (opened.kind === 'finished') {
    report.alreadyDone(opened);
    if (opened.rejected > 0) throw new CommandEnd(3);
    return;
  }
  const rejects = command.rejectsPath === null ? null : new RejectsFile(command.rejectsPath, command.keptOptions);
  const doubts = new Doubts(command.csv?.numbers ?? 'plain');
  if (command.foreign !== null) report.source(command.foreign.system, systems[command.foreign.system].title);
  const later = new LaterLines();
  const { signal, release } = interruption(terminal);
  try {
    const totals = await importPeople(
      { db, workspace, now: systemClock.now },
      {
        ...{ entries: readRecords(command, { doubts, translator, onBytes: (bytes) => report.read(bytes) }), signal },
        progress: opened.progress,
        ...{ dryRun: command.dryRun, parallelBatches: command.parallelBatches },
        ...{ records: command.records, skipBadCells: command.skipBadCells },
        // Events and purchases replace nothing.
        ...(command.records === 'attributes' && { later }),
        async onReject(reject, shown) {
          report.reject(reject);
          await rejects?.write(reject, shown);
        },
        onProgress: (sofar: ImportTotals) => report.progress(sofar),
      },
    );
    await rejects?.close();
    await rejects?.addLater(later.found);
    report.end(totals, { doubts, leftOut: translator?.leftOut ?? null, later });
    if (totals.end === 'stopped') throw new CommandEnd(130);
    if (totals.rejected > 0) throw new CommandEnd(3);
  } catch (error) {
    if (!(error instanceof CommandEnd)) report.failed();
    throw isLost(error) ? lost(error) : error;
  } finally {
    release();
  }
}

async function open(
  db: Database,
  workspaceId: number,
  { path, restart, dryRun, ...reading }: ImportCommand,
  identity: FileIdentity | null,
): Promise<Opened> {
  if (path === null || identity === null || dryRun) return { kind: 'open', progress: noProgress };
  const file = { ...identity, path, settings: settingsOf(reading) };
  return openImport(db, { workspaceId, file, restart, now: systemClock.now() });
}

/** Everything that decides which records the bytes of the file are, and what is rejected of them. */
function settingsOf({
  format,
  encoding,
  records,
  csv,
  skipBadCells,
  foreign,
}: Omit<ImportCommand, 'path' | 'restart' | 'dryRun'>) {
  const { types, renamed, dateFormat, dateFormats, booleans, ...plain } = csv ?? plainCsv;
  return {
    ...{ ...plain, format, encoding, records, skipBadCells, dateFormat: dateFormat?.texts ?? null },
    ...{ types: [...types].sort(), renamed: [...renamed].sort(), booleans: [...booleans].sort(), batch: batchLimits },
    dateFormats: [...dateFormats].map(([column, { texts }]) => [column, texts]).sort(),
    ...(foreign !== null && { foreign: { ...foreign, apps: [...foreign.apps].sort() } }),
  };
}

/** True if the connection was lost: PostgreSQL, or the server that ran the embedded database, was stopped. */
function isLost(error: unknown): boolean {
  return troubleOf(error)?.kind === 'unreachable';
}

function lost(cause: unknown): DatabaseUnusableError {
  const advice = 'What was applied is kept. The same command continues from there.';
  return new DatabaseUnusableError(`The database went away in the middle of the import. ${advice}`, { cause });
}

/**
 * The first signal stops the import between two batches, and so does the end of the program that reads its output.
 * Batches in hand are applied.
 */
function interruption({ unread }: Terminal): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = () => controller.abort();
  for (const name of signals) process.on(name, stop);
  return {
    signal: unread === undefined ? controller.signal : AbortSignal.any([controller.signal, unread]),
    release() {
      for (const name of signals) process.off(name, stop);
    },
  };
}

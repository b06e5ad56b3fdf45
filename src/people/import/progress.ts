import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { ImportFileError } from './entry.ts';
import type { FileIdentity } from './source.ts';

/** A record that was rejected, or applied without what is wrong in it. */
export interface Reject {
  /** The line on which the record begins. */
  line: number;
  /** Every problem that was found. */
  reasons: readonly string[];
  /** Whether the rest of the record was applied. */
  isPartial: boolean;
}

export interface BatchResult {
  records: number;
  rejects: readonly Reject[];
}

/** The progress of one file's import over all runs. The transaction that applies a batch also records it here. */
export interface Progress {
  /** The batches that earlier runs applied, by number. */
  done: ReadonlyMap<number, BatchResult>;
  /** Whether batches are recorded, so that a run can apply those that a crash of PostgreSQL took back. */
  isRecorded: boolean;
  /** Claims a batch. null: the caller must apply it. Otherwise another run has applied it, with this result. */
  claim(tx: Db, number: number, result: BatchResult): Promise<BatchResult | null>;
  /** Replaces the rejects of a batch that this transaction claimed. */
  amend(tx: Db, number: number, rejects: readonly Reject[]): Promise<void>;
  finish(at: Date, totals: { records: number; rejected: number }): Promise<void>;
}

/** The progress of input that cannot be read twice, such as standard input: nothing is recorded. */
export const noProgress: Progress = {
  done: new Map(),
  isRecorded: false,
  claim: async () => null,
  amend: async () => undefined,
  finish: async () => undefined,
};

export interface ImportFile extends FileIdentity {
  /** The absolute path. */
  path: string;
  /** The options that decide how the bytes are read. */
  settings: object;
}

interface ImportRow {
  id: number;
  is_same: boolean;
  has_same_settings: boolean;
  finished_at: Date | null;
  records: number | null;
  rejected: number | null;
}

export type Opened =
  | { kind: 'open'; progress: Progress }
  | { kind: 'finished'; at: Date; records: number; rejected: number };

/**
 * Continues the import of this file where it stopped, or begins it. `restart` forgets earlier runs.
 * Throws ImportFileError when the file or its settings have changed since an unfinished run applied something of it.
 */
export async function openImport(
  db: Database,
  { workspaceId, file, restart, now }: { workspaceId: number; file: ImportFile; restart: boolean; now: Date },
): Promise<Opened> {
  return db.transaction(async (tx) => {
    if (restart) await tx.run(sql`delete from imports where workspace_id = ${workspaceId} and path = ${file.path}`);
    const known = await lockImport(tx, workspaceId, file);
    if (known !== null && !(known.is_same && known.has_same_settings)) {
      const hasBegun = known.finished_at === null && (await doneBatches(tx, known.id)).size > 0;
      if (hasBegun) throw changedError(file, known);
      await tx.run(sql`delete from imports where id = ${known.id}`);
    } else if (known?.finished_at) {
      return { kind: 'finished', at: known.finished_at, records: known.records ?? 0, rejected: known.rejected ?? 0 };
    } else if (known !== null)
      return { kind: 'open', progress: progressOf(db, known.id, await doneBatches(tx, known.id)) };
    const { id } = await tx.one<{ id: number }>(sql`
      insert into imports (workspace_id, path, size_bytes, sha256, settings, started_at)
      values (${workspaceId}, ${file.path}, ${file.sizeBytes}, ${file.sha256}, ${JSON.stringify(file.settings)}, ${now})
      returning id`);
    return { kind: 'open', progress: progressOf(db, id, new Map()) };
  });
}

function lockImport(tx: Db, workspaceId: number, { path, sizeBytes, sha256, settings }: ImportFile) {
  return tx.maybeOne<ImportRow>(sql`
    select id, size_bytes = ${sizeBytes} and sha256 = ${sha256} as is_same,
           settings = ${JSON.stringify(settings)}::jsonb as has_same_settings, finished_at, records, rejected
      from imports
     where workspace_id = ${workspaceId} and path = ${path}
       for update`);
}

function changedError(file: ImportFile, { is_same }: ImportRow): ImportFileError {
  const what = is_same ? 'The options that say how to read' : 'The contents of';
  return new ImportFileError(
    `${what} ${file.path} changed since its import began, so that nobody can tell which records are missing. ` +
      'Put it back as it was to go on, or begin anew with --restart: its records are applied again from the first.',
  );
}

async function doneBatches(tx: Db, importId: number): Promise<Map<number, BatchResult>> {
  const rows = await tx.query<{ number: number; records: number; rejects: Reject[] }>(sql`
    select number, records, rejects from import_batches where import_id = ${importId}`);
  return new Map(rows.map(({ number, ...result }) => [number, result]));
}

function progressOf(db: Database, importId: number, done: ReadonlyMap<number, BatchResult>): Progress {
  return {
    done,
    isRecorded: true,
    async claim(tx, number, { records, rejects }) {
      const claimed = await tx.run(sql`
        insert into import_batches (import_id, number, records, rejects)
        values (${importId}, ${number}, ${records}, ${JSON.stringify(rejects)})
            on conflict do nothing`);
      if (claimed === 1) return null;
      return tx.one<{ records: number; rejects: Reject[] }>(sql`
        select records, rejects from import_batches where import_id = ${importId} and number = ${number}`);
    },
    async amend(tx, number, rejects) {
      await tx.run(sql`
        update import_batches set rejects = ${JSON.stringify(rejects)}
         where import_id = ${importId} and number = ${number}`);
    },
    async finish(at, { records, rejected }) {
      await db.run(sql`
        update imports set finished_at = ${at}, records = ${records}, rejected = ${rejected} where id = ${importId}`);
    },
  };
}

import { systemClock } from '../lib/clock.ts';
import { namesNo } from '../lib/raw/json.ts';
import { type CsvOptions, plainCsv } from '../people/import/columns.ts';
import { readCsv } from '../people/import/csv.ts';
import type { Doubts } from '../people/import/doubts.ts';
import type { Entry } from '../people/import/entry.ts';
import { type ForeignOptions, Translator } from '../people/import/from/foreign.ts';
import { readPeopleFile } from '../people/import/from/people-files.ts';
import { rowsOf, systems } from '../people/import/from/systems.ts';
import { unzipped } from '../people/import/from/zip.ts';
import { readNdjson } from '../people/import/ndjson.ts';
import { readFile, toUtf8, unpack } from '../people/import/source.ts';
import { idKey, type WorkspaceCatalog } from '../workspace/catalog.ts';
import { UsageError } from './usage-error.ts';

/** What the file is, and how its records are read. */
export interface ReadingCommand {
  /** null: standard input. */
  path: string | null;
  format: 'ndjson' | 'csv';
  /** The encoding by its name in the WHATWG standard. */
  encoding: string;
  /** How cells are read. null: the file is NDJSON and has none. */
  csv: CsvOptions | null;
  /** How the export of another system is read. null: the file has objects of /users/track. */
  foreign: ForeignOptions | null;
  isZip: boolean;
}

interface ReadingOf {
  doubts: Doubts;
  translator: Translator | null;
  onBytes(bytes: number): void;
}

/** The records of the file as objects of /users/track. */
export function readRecords(
  command: ReadingCommand,
  { doubts, translator, onBytes }: ReadingOf,
): AsyncIterable<Entry[]> {
  const { format, csv, foreign } = command;
  const text = toUtf8(bytesOf(command, onBytes), command.encoding);
  if (foreign === null || translator === null) {
    return format === 'csv' ? readCsv(text, csv ?? plainCsv, doubts) : readNdjson(text, csv, doubts);
  }
  const rows = rowsOf(foreign.system);
  if (format === 'csv') return translator.entries(readCsv(text, csv ?? plainCsv, doubts, rows));
  return translator.entries(foreign.system === 'braze' ? readPeopleFile(text) : readNdjson(text, null, doubts, rows));
}

function bytesOf({ path, encoding, isZip }: ReadingCommand, onBytes: (bytes: number) => void): AsyncIterable<Buffer> {
  if (path !== null && isZip) return unzipped(path, onBytes);
  return unpack(counted(path === null ? standardInput() : readFile(path), onBytes), encoding);
}

/** Throws UsageError if the options name what the workspace does not have. null: the file is no export. */
export function translatorOf(options: ForeignOptions | null, workspace: WorkspaceCatalog): Translator | null {
  if (options === null) return null;
  for (const id of options.apps.values()) {
    if (!workspace.apps.has(idKey(id))) throw new UsageError(`--app: ${namesNo('an app', id)}`);
  }
  const group = options.smsGroup === null ? undefined : workspace.subscriptionGroups.get(idKey(options.smsGroup));
  if (options.smsGroup !== null && (group === undefined || group.channel === 'email' || group.archived))
    throw new UsageError(`--sms-group: ${namesNo('a subscription group for phone numbers', options.smsGroup)}`);
  return new Translator(systems[options.system].translate, { workspace, options, now: systemClock.now });
}

async function* counted(bytes: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}

async function* standardInput(): AsyncGenerator<Buffer> {
  for await (const chunk of process.stdin) yield chunk as Buffer;
}

import { basename, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { readConfig } from '../config.ts';
import { type CellType, type CsvOptions, cellTypes } from '../people/import/columns.ts';
import { variablesOf } from '../workspace/file/apply-file.ts';
import { loadSecret } from '../workspace/secrets.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { type ImportCommand, runImport } from './users-import.ts';
import { withDatabase } from './with-database.ts';

interface ImportCommandOptions {
  format?: 'ndjson' | 'csv';
  types?: Map<string, CellType>;
  delimiter: string;
  null?: string;
  rejects?: string;
  dryRun?: boolean;
  restart?: boolean;
  json?: boolean;
}

/** Batches written at the same time, each on its own connection. */
const parallelBatches = 3;

export function usersCommand(terminal: Terminal): Command {
  return new Command('users').description('import people from files').addCommand(importCommand(terminal));
}

function importCommand(terminal: Terminal): Command {
  return new Command('import')
    .description('create and update people from a file, as POST /users/track does with attributes')
    .argument('<file>', 'NDJSON or CSV in UTF-8, may be compressed with gzip; - is standard input')
    .addOption(new Option('-f, --format <format>', 'needed if the file name does not say').choices(['ndjson', 'csv']))
    .option('-t, --types <column=type,...>', `types of CSV columns: ${cellTypes.join(', ')}`, readTypes)
    .option('--delimiter <character>', 'separates the cells of a CSV file; "tab" for a tab', readDelimiter, ',')
    .option('--null <text>', 'CSV cell that removes a value (an empty cell leaves it unchanged)')
    .option('--rejects <path>', 'file that keeps bad records (default: <file>.rejects.ndjson)')
    .option('--dry-run', 'read and check the whole file, and apply nothing')
    .option('--restart', 'start from the beginning, whatever earlier runs did')
    .option('--json', 'report as JSON, one event a line')
    .addHelpText('after', help)
    .action(async (file: string, options: ImportCommandOptions) => {
      const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
      const command = readCommand(file, options);
      await withDatabase(config, (db) => runImport(db, { command, secret: loadSecret(config), terminal }), {
        connections: parallelBatches + 1,
      });
    });
}

function readCommand(file: string, options: ImportCommandOptions): ImportCommand {
  const path = file === '-' ? null : resolve(file);
  const format = options.format ?? formatOf(file);
  const { types = new Map<string, CellType>() } = options;
  if (format === 'ndjson' && (types.size > 0 || options.null !== undefined)) {
    throw new UsageError('--types and --null are for CSV; the values of NDJSON have their types');
  }
  if (path === null && options.restart) throw new UsageError('--restart: standard input always begins anew');
  const rejects = resolve(options.rejects ?? (path === null ? 'stdin.rejects.ndjson' : `${path}.rejects.ndjson`));
  if (rejects === path) throw new UsageError('--rejects: names the file that is imported');
  const { dryRun = false, restart = false, json = false, delimiter } = options;
  const csv: CsvOptions = { types, delimiter, nullText: options.null ?? null };
  // A dry run must not overwrite the rejected records of a real run, unless it is told where to write.
  const rejectsPath = dryRun && options.rejects === undefined ? null : rejects;
  return { path, format, csv, rejectsPath, dryRun, restart, json, parallelBatches };
}

function formatOf(file: string): 'ndjson' | 'csv' {
  const [, ending] = /\.(ndjson|jsonl|csv)(?:\.gz)?$/i.exec(basename(file)) ?? [];
  if (ending === undefined) {
    throw new UsageError(`${file === '-' ? 'standard input' : basename(file)}: say --format ndjson or --format csv`);
  }
  return ending.toLowerCase() === 'csv' ? 'csv' : 'ndjson';
}

/** The option may be repeated: the types add up. */
function readTypes(text: string, before: Map<string, CellType> = new Map()): Map<string, CellType> {
  const types = text.split(',').map((pair): [string, CellType] => {
    const at = pair.lastIndexOf('=');
    const type = cellTypes.find((known) => known === pair.slice(at + 1).trim());
    if (at < 1 || type === undefined) {
      throw new InvalidArgumentError(`expected column=type, the type one of ${cellTypes.join(', ')}.`);
    }
    return [pair.slice(0, at).trim(), type];
  });
  return new Map([...before, ...types]);
}

function readDelimiter(text: string): string {
  const character = text === 'tab' ? '\t' : text;
  if (/^[^\s"\w]$|^\t$/.test(character)) return character;
  throw new InvalidArgumentError('expected one character that is no letter, digit, blank or quote.');
}

const help = `
A line of NDJSON is one object as in "attributes" of POST /users/track. A CSV file has a header. A column with the name of
a profile field sets that field; every other column is a custom attribute, as text unless --types says otherwise.

After an interruption of any kind, the same command continues where it stopped: no line is missed or applied twice.
Bad records are kept aside with line and reason, and all others are applied.

Exit codes: 0 all applied; 1 failed, run it again; 2 misuse; 3 all read, some records rejected; 130 interrupted.

Examples:
  cresset users import people.ndjson
  cresset users import people.csv.gz --types points=number,is_member=boolean,tags=json
  cresset users import people.csv --delimiter ';' --null NULL --dry-run
  zstdcat people.ndjson.zst | cresset users import - --format ndjson --json`;

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

/** Each on a connection of its own. */
const lanes = 3;

export function usersCommand(terminal: Terminal): Command {
  return new Command('users').description('bring people in from files').addCommand(importCommand(terminal));
}

function importCommand(terminal: Terminal): Command {
  return new Command('import')
    .description('create and update the people of a file, as POST /users/track does with their attributes')
    .argument('<file>', 'NDJSON or CSV in UTF-8, also packed with gzip; - is standard input')
    .addOption(new Option('-f, --format <format>', 'when the name does not tell').choices(['ndjson', 'csv']))
    .option('-t, --types <column=type,...>', `of CSV columns: ${cellTypes.join(', ')}`, readTypes)
    .option('--delimiter <character>', 'between the cells of a CSV file; "tab" for a tab', readDelimiter, ',')
    .option('--null <text>', 'the CSV cell that removes a value (an empty one leaves it)')
    .option('--rejects <path>', 'where bad records are kept aside (default: <file>.rejects.ndjson)')
    .option('--dry-run', 'read and check the whole file, and apply nothing')
    .option('--restart', 'begin anew, whatever earlier runs did')
    .option('--json', 'report as JSON, an event a line')
    .addHelpText('after', help)
    .action(async (file: string, options: ImportCommandOptions) => {
      const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
      const command = readCommand(file, options);
      await withDatabase(config, (db) => runImport(db, { command, secret: loadSecret(config), terminal }), {
        connections: lanes + 1,
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
  // A dry run leaves alone what a real one kept aside, unless it is told where to write.
  const rejectsPath = dryRun && options.rejects === undefined ? null : rejects;
  return { path, format, csv, rejectsPath, dryRun, restart, json, lanes };
}

function formatOf(file: string): 'ndjson' | 'csv' {
  const [, ending] = /\.(ndjson|jsonl|csv)(?:\.gz)?$/i.exec(basename(file)) ?? [];
  if (ending === undefined) {
    throw new UsageError(`${file === '-' ? 'standard input' : basename(file)}: say --format ndjson or --format csv`);
  }
  return ending.toLowerCase() === 'csv' ? 'csv' : 'ndjson';
}

/** Given several times, the options add up. */
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
A line of NDJSON is one object of the "attributes" of POST /users/track. A CSV file has a header; columns called as fields
of a profile set them, all others are custom attributes, as text unless --types says otherwise.

Interrupted in whatever way, the same command goes on where it ended; nobody is missing and no line is applied twice.
Records that are not as they must be are kept aside, with line and reason, and the others are applied.

Exit codes: 0 all applied; 1 failed, run it again; 2 misused; 3 all read, some records rejected; 130 interrupted.

Examples:
  cresset users import people.ndjson
  cresset users import people.csv.gz --types points=number,is_member=boolean,tags=json
  cresset users import people.csv --delimiter ';' --null NULL --dry-run
  zstdcat people.ndjson.zst | cresset users import - --format ndjson --json`;

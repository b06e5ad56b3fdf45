import { resolve } from 'node:path';
import { Command, type CommanderError, Option } from 'commander';
import { readConfig } from '../config.ts';
import type { Database } from '../db/database.ts';
import { shown } from '../lib/raw/json.ts';
import { cellTypes } from '../people/import/cells.ts';
import { ImportFileError, recordKinds } from '../people/import/entry.ts';
import { foreignSystems } from '../people/import/from/foreign.ts';
import { type Recognized, recognize } from '../people/import/from/recognize.ts';
import { type FirstLine, readFirstLine } from '../people/import/rejects-header.ts';
import { variablesOf } from '../workspace/file/apply-file.ts';
import { secretForCommand } from '../workspace/sealed/shared-secret.ts';
import { chooseWorkspace } from '../workspace/workspaces.ts';
import { readAppOption } from './import-from.ts';
import {
  formatOf,
  type ImportCommandOptions,
  readBooleans,
  readCountryOption,
  readCurrency,
  readDateFormatOption,
  readDelimiter,
  readEncodingOption,
  readImportCommand,
  readMap,
  readTypes,
  withStoredOptions,
} from './import-options.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { runImport } from './users-import.ts';
import { withDatabase } from './with-database.ts';
import { inWorkspace } from './workspaces/on-workspace.ts';

/** Batches written at the same time, each on its own connection. */
const parallelBatches = 3;

export function usersCommand(terminal: Terminal): Command {
  return new Command('users').description('import people from files').addCommand(importCommand(terminal));
}

function importCommand(terminal: Terminal): Command {
  const command = new Command('import')
    .description('create and update people from a file, as POST /users/track does')
    .argument('<file>', 'NDJSON or CSV, may be compressed with gzip; - is standard input')
    .addOption(new Option('-f, --format <format>', 'needed if the file name does not say').choices(['ndjson', 'csv']))
    .option('--encoding <name>', 'of the file, such as windows-1252', readEncodingOption, 'utf-8');
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  return inWorkspace(addRecordOptions(command))
    .option('--rejects <path>', 'file that keeps bad records (default: <file>.rejects.ndjson)')
    .option('--dry-run', 'read and check the whole file, and apply nothing')
    .option('--restart', 'start from the beginning, whatever earlier runs did')
    .option('--json', 'report as JSON, one event a line')
    .addHelpText('after', help)
    .action(async (file: string, given: ImportCommandOptions) => {
      const config = readConfig(terminal.env, variablesOf(terminal.env.CRESSET_WORKSPACE));
      const { options, ...seen } = await lookedInto(file, given, isGiven);
      const job = { ...readImportCommand(file, options, seen), parallelBatches };
      const work = async (db: Database) => {
        const workspaceId = await chooseWorkspace(db, given.in ?? config.workspaceName);
        await runImport(db, { workspaceId, command: job, secret: await secretForCommand(db, config), terminal });
      };
      await withDatabase(config, work, {
        connections: parallelBatches + 1,
        ...(!job.json && { terminal }),
      });
    });
}

/** What the beginning of the file says beside the command line. */
async function lookedInto(
  file: string,
  given: ImportCommandOptions,
  isGiven: (name: string) => boolean,
): Promise<{ options: ImportCommandOptions; first: FirstLine | null; isZip: boolean }> {
  const { isZip, system } = await recognizedIn(file);
  const from = given.from === undefined && system !== null ? { ...given, from: system } : given;
  const first = isZip ? null : await firstLineOf(file, from);
  if (first?.options == null) return { options: from, first, isZip };
  return { options: withStoredOptions(given, storedOptions(first.options), isGiven), first, isZip };
}

async function recognizedIn(file: string): Promise<Recognized> {
  if (file === '-') return { isZip: false, system: null };
  try {
    return await recognize(resolve(file));
  } catch (error) {
    if (error instanceof ImportFileError) return { isZip: false, system: null }; // The import says so.
    throw error;
  }
}

async function firstLineOf(file: string, { format, from }: ImportCommandOptions): Promise<FirstLine | null> {
  if (file === '-' || (format ?? formatOf(file, from)) === 'csv') return null;
  try {
    return await readFirstLine(resolve(file));
  } catch (error) {
    if (error instanceof ImportFileError) return null; // The import says so, after the options are checked.
    throw error;
  }
}

/** The options that a rejects file names in its first line. Throws UsageError. */
function storedOptions(words: readonly string[]): Partial<ImportCommandOptions> {
  const command = addRecordOptions(new Command());
  const refuse = (error: CommanderError) => {
    throw new UsageError(`The first line of the rejects file names options that cannot be read: ${error.message}`);
  };
  const { operands, unknown } = command
    .exitOverride(refuse)
    .configureOutput({ writeErr: () => undefined })
    .parseOptions([...words]);
  const [other] = [...operands, ...unknown];
  if (other !== undefined) {
    throw new UsageError(
      `The first line of the rejects file names an option that says nothing of records: ${shown(other)}`,
    );
  }
  return command.opts<ImportCommandOptions>();
}

/** The options that say how the records of a file are read. A rejects file keeps those of its import. */
function addRecordOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--from <system>', "whose export the file is; cresset: nobody else's").choices([
        ...foreignSystems,
        'cresset',
      ]),
    )
    .option('--app <name=id>', 'app that an export means by a name or platform, such as ios=…', readAppOption)
    .option('--sms-group <id>', 'subscription group for the phone numbers of an export')
    .addOption(new Option('--records <kind>', 'what the records are').choices([...recordKinds]).default(recordKinds[0]))
    .option('-t, --types <column=type,...>', `types of CSV columns: ${cellTypes.join(', ')}`, readTypes)
    .option('-m, --map <old=new,...>', 'new names of CSV columns', readMap)
    .option('--delimiter <character>', 'separates CSV cells; "tab" for a tab (default: ",")', readDelimiter)
    .option('--null <text>', 'CSV cell that removes a value (an empty cell leaves it unchanged)')
    .option(
      '--date-format <format>',
      'of dates in CSV: DD.MM.YYYY, M/D/YYYY HH:mm; of one: column=…',
      readDateFormatOption,
    )
    .option('--booleans <true/false>', 'words for booleans in CSV, such as ja/nein', readBooleans)
    .option('--currency <sign>', 'that CSV numbers may have, such as €', readCurrency)
    .option('--decimal-comma', 'CSV numbers are written as 1.234,50')
    .option('--thousands-comma', 'CSV numbers are written as 1,234.50')
    .option('--phone-country <code>', 'country of CSV phone numbers without +, such as AT', readCountryOption)
    .option('--skip-bad-cells', 'apply a CSV row without the cells that cannot be read');
}

const help = `
A line of NDJSON is one object as in "attributes" of POST /users/track, or with --records as in "events" or "purchases".
A CSV file has a header. A column with the name of a member of such an object sets that member; every other column is a
custom attribute, or a property of the event, as text unless --types says otherwise.
Exports of Braze, OneSignal and Amazon Pinpoint are recognized, and read with --from.

After an interruption of any kind, the same command continues where it stopped: no line is missed or applied twice.
Bad records are kept aside with line and reason, and all others are applied. Mend the rejects file and import it.

Exit codes: 0 all applied; 1 failed, run it again; 2 misuse; 3 all read, some records rejected; 130 interrupted.

Examples:
  cresset users import people.ndjson
  cresset users import people.csv.gz --types points=number,is_member=boolean,tags=json,joined=date
  cresset users import people.csv --delimiter ';' --null NULL --dry-run
  cresset users import kunden.csv --delimiter ';' --encoding windows-1252 --date-format DD.MM.YYYY --decimal-comma \\
    --phone-country AT --map "Nummer=external_id,E-Mail=email,Telefon=phone" --types Umsatz=number --skip-bad-cells
  cresset users import orders.csv --records purchases
  cresset users import segment.zip --from braze --app 'Shop iOS=<id>'
  zstdcat people.ndjson.zst | cresset users import - --format ndjson --json`;

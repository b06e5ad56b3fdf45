import { basename, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { type CellType, cellTypes } from '../people/import/cells.ts';
import { type CsvOptions, plainCsv } from '../people/import/columns.ts';
import { type DateFormat, dateFormatHelp, eitherFormat, readDateFormat } from '../people/import/date-format.ts';
import type { RecordKind } from '../people/import/entry.ts';
import type { ForeignOptions, ForeignSystem } from '../people/import/from/foreign.ts';
import type { FirstLine } from '../people/import/rejects-header.ts';
import { readEncoding } from '../people/import/source.ts';
import { readPhoneCountry } from '../people/profile/contact.ts';
import { recordArguments } from './import-arguments.ts';
import { readForeign } from './import-from.ts';
import { UsageError } from './usage-error.ts';
import type { ImportCommand } from './users-import.ts';
import type { InOption } from './workspaces/on-workspace.ts';

/** `general`: how dates are written in columns without a format of their own. null: only as ISO 8601. */
export interface DateFormats {
  general: DateFormat | null;
  columns: ReadonlyMap<string, DateFormat>;
}

/** The options of `cresset users import`, as Commander gives them. */
export interface ImportCommandOptions extends InOption {
  format?: 'ndjson' | 'csv';
  records: RecordKind;
  encoding: string;
  types?: Map<string, CellType>;
  map?: Map<string, string>;
  delimiter?: string;
  null?: string;
  booleans?: Map<string, boolean>;
  currency?: string;
  dateFormat?: DateFormats;
  decimalComma?: boolean;
  thousandsComma?: boolean;
  phoneCountry?: CsvOptions['phoneCountry'];
  skipBadCells?: boolean;
  /** `cresset`: objects of /users/track, whatever they look like. */
  from?: ForeignSystem | 'cresset';
  app?: Map<string, string>;
  smsGroup?: string;
  rejects?: string;
  dryRun?: boolean;
  restart?: boolean;
  json?: boolean;
}

/** Options that say how the cells of a CSV file are read, by their names on the command line. */
const cellOptions = {
  types: '--types',
  map: '--map',
  delimiter: '--delimiter',
  null: '--null',
  booleans: '--booleans',
  currency: '--currency',
  dateFormat: '--date-format',
  decimalComma: '--decimal-comma',
  thousandsComma: '--thousands-comma',
  phoneCountry: '--phone-country',
  skipBadCells: '--skip-bad-cells',
} as const;

/**
 * The options with which a file is imported. Those that a rejects file names in its first line apply where `given` has
 * nothing. `isGiven` tells what stands on the command line.
 */
export function withStoredOptions(
  given: ImportCommandOptions,
  stored: Partial<ImportCommandOptions>,
  isGiven: (name: string) => boolean,
): ImportCommandOptions {
  const names = [...Object.keys(cellOptions), 'records', 'from', 'app', 'smsGroup'] as (keyof ImportCommandOptions)[];
  const isComma = (name: string) => name === 'decimalComma' || name === 'thousandsComma';
  const saysComma = names.some((name) => isComma(name) && isGiven(name));
  const free = names.filter((name) => !isGiven(name) && !(isComma(name) && saysComma));
  return { ...given, ...Object.fromEntries(free.flatMap((name) => (name in stored ? [[name, stored[name]]] : []))) };
}

/**
 * `first`: the first line of an NDJSON file. null: the file is none, or standard input. `isZip`: its first bytes are those of
 * a zip. Throws UsageError.
 */
export function readImportCommand(
  file: string,
  options: ImportCommandOptions,
  { first = null, isZip = false }: { first?: FirstLine | null; isZip?: boolean } = {},
): Omit<ImportCommand, 'parallelBatches'> {
  const path = file === '-' ? null : resolve(file);
  const isForeign = options.from !== undefined && options.from !== 'cresset';
  if (isZip && !isForeign) throw new UsageError(`${basename(file)}: a zip is read only of Braze, with --from braze`);
  const format = options.format ?? formatOf(file, options.from);
  const isRejects = isRejectsFile(file, first);
  const foreign = foreignOf(options, { format, isZip });
  if (foreign === null && format === 'ndjson' && !isRejects) refuseCellOptions(options);
  if (foreign === null && first?.hasCells && givenCellOptions(options).length === 0) throw unsaidOptions(file);
  if (options.decimalComma && options.thousandsComma) {
    throw new UsageError('--thousands-comma, --decimal-comma: a comma is either for thousands or for decimals');
  }
  if (path === null && options.restart) throw new UsageError('--restart: standard input always begins anew');
  const rejects = resolve(options.rejects ?? (path === null ? 'stdin.rejects.ndjson' : `${path}.rejects.ndjson`));
  if (rejects === path) throw new UsageError('--rejects: names the file that is imported');
  const { dryRun = false, restart = false, json = false, skipBadCells = false, records } = options;
  // A rejects file is ours: it is UTF-8, whatever the encoding of the file that it comes from.
  const encoding = isRejects ? 'utf-8' : options.encoding;
  // A dry run must not overwrite the rejected records of a real run, unless it is told where to write.
  const rejectsPath = dryRun && options.rejects === undefined ? null : rejects;
  const csv = format === 'csv' || isRejects ? csvOptions(options) : null;
  const reading = {
    format,
    encoding,
    records,
    csv,
    skipBadCells,
    foreign,
    isZip,
    keptOptions: keptOptions(options, format, first),
  };
  return { path, ...reading, rejectsPath, dryRun, restart, json };
}

/** How the exports of another system are read. null: the file is none. Throws UsageError. */
function foreignOf(
  options: ImportCommandOptions,
  file: { format: 'ndjson' | 'csv'; isZip: boolean },
): ForeignOptions | null {
  const cells = givenCellOptions(options).filter((name) => name !== '--delimiter');
  return readForeign(options, { ...file, cells });
}

/** The first line of the rejects file. null: it needs none, because NDJSON is read without options. */
function keptOptions(
  options: ImportCommandOptions,
  format: 'ndjson' | 'csv',
  first: FirstLine | null,
): readonly string[] | null {
  const words = recordArguments(options);
  const hasRows = format === 'csv' || first?.hasCells === true || first?.options != null;
  return hasRows || words.length > 0 ? words : null;
}

function isRejectsFile(file: string, first: FirstLine | null): boolean {
  const hasItsName = /\.rejects\.ndjson(?:\.gz)?$/i.test(file);
  return first !== null && (first.options !== null || first.hasCells || hasItsName);
}

/** Without the options, numbers would be stored as texts, and nobody would be told. */
function unsaidOptions(file: string): UsageError {
  return new UsageError(
    `${basename(file)} has rows of a CSV file, and its first line, which says how to read them, is missing. ` +
      `Give the options of the import that wrote it: cresset users import ${file} --types column=type,… ` +
      '(--delimiter , if there were none)',
  );
}

function csvOptions(options: ImportCommandOptions): CsvOptions {
  return {
    delimiter: options.delimiter ?? plainCsv.delimiter,
    types: options.types ?? plainCsv.types,
    renamed: options.map ?? plainCsv.renamed,
    nullText: options.null ?? null,
    records: options.records,
    numbers: options.decimalComma ? 'decimal_comma' : options.thousandsComma ? 'thousands_comma' : 'plain',
    booleans: options.booleans ?? plainCsv.booleans,
    currency: options.currency ?? null,
    dateFormat: options.dateFormat?.general ?? null,
    dateFormats: options.dateFormat?.columns ?? plainCsv.dateFormats,
    phoneCountry: options.phoneCountry ?? null,
  };
}

function refuseCellOptions(options: ImportCommandOptions): void {
  const given = givenCellOptions(options);
  if (given.length === 0) return;
  throw new UsageError(
    `${given.join(', ')}: for CSV, and for the rejects file of a CSV file; the values of NDJSON have their types`,
  );
}

function givenCellOptions(options: ImportCommandOptions): string[] {
  const names = Object.keys(cellOptions) as (keyof typeof cellOptions)[];
  return names.filter((name) => options[name] !== undefined).map((name) => cellOptions[name]);
}

/** Exports of other systems may also be called `.json`, `.txt` and `.zip`: their lines are JSON. */
export function formatOf(file: string, from?: ImportCommandOptions['from']): 'ndjson' | 'csv' {
  const endings = from === undefined || from === 'cresset' ? ours : theirs;
  const [, ending] = endings.exec(basename(file)) ?? [];
  if (ending === undefined) {
    throw new UsageError(
      `${file === '-' ? 'standard input' : basename(file)}: say --format ndjson or --format csv, or --from for an export of another system`,
    );
  }
  return ending.toLowerCase() === 'csv' ? 'csv' : 'ndjson';
}

const ours = /\.(ndjson|jsonl|csv)(?:\.gz)?$/i;
const theirs = /\.(ndjson|jsonl|csv|json|txt|zip)(?:\.gz)?$/i;

/** The option may be repeated: the types add up. */
export function readTypes(text: string, before: Map<string, CellType> = new Map()): Map<string, CellType> {
  const expected = `expected column=type, the type one of ${cellTypes.join(', ')}.`;
  const types = readPairs(text, expected).map(([column, word]): [string, CellType] => {
    const type = cellTypes.find((known) => known === word);
    if (type === undefined) throw new InvalidArgumentError(expected);
    return [column, type];
  });
  return new Map([...before, ...types]);
}

/** The option may be repeated: the names add up. */
export function readMap(text: string, before: Map<string, string> = new Map()): Map<string, string> {
  return new Map([...before, ...readPairs(text, 'expected old=new, both the name of a column.')]);
}

function readPairs(text: string, expected: string): [string, string][] {
  return text.split(',').map((pair) => {
    const at = pair.lastIndexOf('=');
    const value = pair.slice(at + 1).trim();
    if (at < 1 || value === '') throw new InvalidArgumentError(expected);
    return [pair.slice(0, at).trim(), value];
  });
}

export function readDelimiter(text: string): string {
  const character = text === 'tab' ? '\t' : text;
  if (/^[^\s"\w]$|^\t$/.test(character)) return character;
  throw new InvalidArgumentError('expected one character that is no letter, digit, blank or quote.');
}

/** `column=format` is for one column, a format alone for all others. Formats of the same column are tried in order. */
export function readDateFormatOption(
  text: string,
  before: DateFormats = { general: null, columns: new Map() },
): DateFormats {
  const at = text.lastIndexOf('=');
  const format = readDateFormat(text.slice(at + 1).trim());
  if (format === null || at === 0) throw new InvalidArgumentError(`${dateFormatHelp}, or of column=format.`);
  if (at < 0) return { ...before, general: eitherFormat(before.general, format) };
  const column = text.slice(0, at).trim();
  return {
    ...before,
    columns: new Map([...before.columns, [column, eitherFormat(before.columns.get(column), format)]]),
  };
}

/** The option may be repeated: the words add up. */
export function readBooleans(text: string, before: Map<string, boolean> = new Map()): Map<string, boolean> {
  const [yes = '', no = '', ...more] = text.split('/').map((word) => word.trim().toLowerCase());
  const words = new Map([...before, [yes, true], [no, false]]);
  const isClear = yes !== '' && no !== '' && words.get(yes) === true && more.length === 0;
  if (isClear && [...before].every(([word, value]) => words.get(word) === value)) return words;
  throw new InvalidArgumentError('expected the words for true and false, such as ja/nein.');
}

export function readCurrency(text: string): string {
  const sign = text.trim();
  if (sign !== '' && sign.length <= 10 && !/[\d.,+-]/.test(sign)) return sign;
  throw new InvalidArgumentError('expected a sign or code such as € or EUR, without digits, dots and commas.');
}

export function readCountryOption(text: string): NonNullable<CsvOptions['phoneCountry']> {
  const country = readPhoneCountry(text);
  if (country === null) throw new InvalidArgumentError('expected the ISO 3166-1 code of a country, such as AT.');
  return country;
}

export function readEncodingOption(text: string): string {
  const encoding = readEncoding(text);
  if (encoding === null) throw new InvalidArgumentError('expected an encoding such as windows-1252 or utf-16le.');
  return encoding;
}

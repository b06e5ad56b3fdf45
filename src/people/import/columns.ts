import { nearest } from '../../lib/raw/did-you-mean.ts';
import { isObject, shown } from '../../lib/raw/json.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { profileFields } from '../profile/profile-fields.ts';
import { type CellStyle, type CellType, type FixedType, readCell } from './cells.ts';
import type { DateFormat } from './date-format.ts';
import { ImportFileError, type Reading, type RecordKind } from './entry.ts';
import type { NumberTally } from './numbers.ts';

export interface CsvOptions extends CellStyle {
  delimiter: string;
  /** The type of each column, by its name in the file. Columns that are missing here are text. */
  types: ReadonlyMap<string, CellType>;
  /** How the dates of single columns are written, by the columns' names in the file. */
  dateFormats: ReadonlyMap<string, DateFormat>;
  /** New names of columns, by their names in the file. */
  renamed: ReadonlyMap<string, string>;
  /** The cell text that removes a stored value. null: no text does. An empty cell leaves the stored value. */
  nullText: string | null;
  records: RecordKind;
}

/** How a CSV file is read if nothing is said. */
export const plainCsv: CsvOptions = {
  ...{ delimiter: ',', types: new Map(), renamed: new Map(), nullText: null, records: 'attributes' },
  ...{ numbers: 'plain', currency: null, booleans: new Map(), dateFormat: null, dateFormats: new Map() },
  phoneCountry: null,
};

/** Columns for single members of an object, as in the original's own CSV files. */
const parts = ['user_alias_name', 'user_alias_label', 'subscription_group_id', 'subscription_state'] as const;
const nested = ['user_alias', 'current_location', 'push_tokens', 'subscription_groups', 'properties'];
const switches = ['_update_existing_only', '_merge_objects', 'push_token_import'];
const identifiers = ['external_id', 'braze_id', 'user_alias', 'user_alias_name', 'email', 'phone', 'push_tokens'];
const times = ['date_of_first_session', 'date_of_last_session', 'marked_email_as_spam_at'];
const aliasParts = ['user_alias_name', 'user_alias_label'];
const activityIdentifiers = ['external_id', 'braze_id', 'user_alias', 'email', 'phone'];

/** The members of events and purchases. Every other column of their files is a property. */
const members: Readonly<Record<Exclude<RecordKind, 'attributes'>, readonly string[]>> = {
  events: [...activityIdentifiers, ...aliasParts, '_update_existing_only', 'app_id', 'properties', 'name', 'time'],
  purchases: [
    ...[...activityIdentifiers, ...aliasParts, '_update_existing_only', 'app_id', 'properties', 'time'],
    ...['product_id', 'currency', 'price', 'quantity'],
  ],
};

/** The columns of one file. Turns a row of cells into an object of /users/track. */
export class Columns {
  /** The names of the members that the columns set. */
  readonly names: readonly string[];
  readonly #header: readonly string[];
  readonly #types: readonly (CellType | FixedType)[];
  /** The options for each column: they differ in the format of dates. */
  readonly #styles: readonly CsvOptions[];
  readonly #options: CsvOptions;
  readonly #tally: NumberTally | undefined;

  /** Throws ImportFileError when the header cannot be used. */
  constructor(header: readonly string[], options: CsvOptions, tally?: NumberTally) {
    this.#tally = tally;
    this.#header = header.map((name) => name.trim());
    this.names = this.#header.map((name) => options.renamed.get(name) ?? name);
    this.#options = options;
    refuseHeader(this.#header, this.names, options);
    this.#styles = this.#header.map((title) => {
      const dateFormat = options.dateFormats.get(title) ?? options.dateFormat;
      return dateFormat === options.dateFormat ? options : { ...options, dateFormat };
    });
    this.#types = this.names.map((name, index) =>
      typeOf(name, this.#header[index] ?? name, this.#styles[index] ?? options),
    );
  }

  /**
   * Reads the cells of the row that begins on `line`, and names those that cannot be read. Throws ObjectProblem if their
   * number is wrong, or the row lacks the id by which the file names its people.
   */
  read(cells: readonly string[], line: number): Reading {
    if (cells.length !== this.names.length) {
      throw new ObjectProblem(
        `expected ${this.names.length} cells as in the header, got ${cells.length}; is a quote not closed?`,
      );
    }
    const given: [string, unknown][] = [];
    const problems: string[] = [];
    for (const [index, name] of this.names.entries()) {
      const cell = cells[index] ?? '';
      if (cell === '') continue;
      try {
        given.push([name, this.#readCell(cell, index, line)]);
      } catch (error) {
        if (!(error instanceof ObjectProblem)) throw error;
        problems.push(error.message);
      }
    }
    this.#refuseNameless(new Map(given));
    return { object: objectOf(given, this.#options.records), problems };
  }

  /** Without its id, a row would be that of whoever has its email or phone, which may be somebody else. */
  #refuseNameless(given: ReadonlyMap<string, unknown>): void {
    const isNamed = ['external_id', 'braze_id', 'user_alias', 'user_alias_name'].some(
      (name) => given.get(name) != null,
    );
    if (this.names.includes('external_id') && !isNamed)
      throw new ObjectProblem('external_id: is empty, and the file names its people by it');
  }

  #readCell(cell: string, index: number, line: number): unknown {
    const name = this.names[index] ?? '';
    // The decoder replaces bytes that are not UTF-8 with this character.
    if (cell.includes('\ufffd')) throw new ObjectProblem(`${shown(name)}: the cell is not UTF-8; see --encoding`);
    if (cell === this.#options.nullText) return null;
    const seen = (column: string, text: string) => this.#tally?.add(column, text, line);
    return readCell(cell, this.#types[index] ?? 'text', name, this.#styles[index] ?? this.#options, seen);
  }

  /** The cells by the names of the file's columns, for the rejects file. */
  shown(cells: readonly string[]): object {
    if (cells.length !== this.names.length) return cells;
    return Object.fromEntries(this.#header.map((name, index) => [name, cells[index]]));
  }
}

function typeOf(name: string, title: string, { types, records, dateFormat }: CsvOptions): CellType | FixedType {
  if (nested.includes(name)) return 'json';
  if (name === 'email' || name === 'phone') return name;
  if (records === 'attributes') {
    if (name === 'country' || name === 'time_zone') return name;
    if (dateFormat !== null && name === 'dob') return 'date';
    if (dateFormat !== null && times.includes(name)) return 'time';
  } else {
    if (dateFormat !== null && name === 'time') return 'time';
    if (records === 'purchases' && (name === 'price' || name === 'quantity')) return 'number';
  }
  return types.get(title) ?? 'text';
}

function refuseHeader(header: readonly string[], names: readonly string[], options: CsvOptions): void {
  const refuse = (problem: string) => {
    throw new ImportFileError(`The header cannot be used: ${problem}${problem.endsWith('?') ? '' : '.'}`);
  };
  if (names.includes('')) refuse(`column ${names.indexOf('') + 1} has no name`);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) refuse(`"${shown(twice)}" occurs twice`);
  if (!names.some((name) => identifiers.includes(name))) {
    const way = `--map '${shown(header[0] ?? 'Column')}=external_id' makes one of yours do so`;
    const other = otherDelimiter(header, options.delimiter);
    refuse(`no column names people: ${identifiers.join(', ')}${other === '' ? `; ${way}` : other}`);
  }
  for (const [part, whole] of [
    ['user_alias_name', 'user_alias_label'],
    ['subscription_group_id', 'subscription_state'],
  ] as const) {
    if (names.includes(part) !== names.includes(whole)) refuse(`${part} and ${whole} go together`);
  }
  for (const title of options.renamed.keys()) {
    if (!header.includes(title)) refuse(`--map names "${shown(title)}", ${noColumn(title, header)}`);
  }
  for (const title of options.dateFormats.keys()) {
    if (!header.includes(title)) refuse(`--date-format names "${shown(title)}", ${noColumn(title, header)}`);
  }
  for (const title of options.types.keys()) {
    if (!header.includes(title)) refuse(`--types names "${shown(title)}", ${noColumn(title, header)}`);
    const name = options.renamed.get(title) ?? title;
    if (!isFree(name, options.records)) refuse(`--types names ${name}, whose type is fixed`);
  }
}

function noColumn(title: string, header: readonly string[]): string {
  const meant = nearest(title, header);
  return `and no column is called so${meant === null ? '' : `; did you mean "${shown(meant)}"?`}`;
}

/** A header of one column that holds another delimiter was probably cut at the wrong character. */
function otherDelimiter(header: readonly string[], delimiter: string): string {
  const [only = ''] = header;
  const other = [';', '\t', '|', ','].find((one) => one !== delimiter && only.includes(one));
  if (header.length > 1 || other === undefined) return '';
  return `; it is one column, did you mean --delimiter ${other === '\t' ? 'tab' : `'${other}'`}?`;
}

/** Whether a column is a custom attribute or a property, whose type the file decides. */
function isFree(name: string, records: RecordKind): boolean {
  if (records !== 'attributes') return !members[records].includes(name);
  const known = [...identifiers, ...parts, ...nested.filter((one) => one !== 'properties'), ...switches];
  return !profileFields.has(name) && !known.includes(name);
}

function objectOf(given: [string, unknown][], records: RecordKind): object {
  if (records === 'attributes') return withParts(given);
  const isMember = ([name]: [string, unknown]) => members[records].includes(name);
  const whole = Object.fromEntries(given.filter(isMember));
  const properties = Object.fromEntries(given.filter((member) => !isMember(member)));
  const stated: unknown = whole.properties;
  if (Object.keys(properties).length > 0)
    whole.properties = isObject(stated) ? { ...stated, ...properties } : properties;
  return withParts(Object.entries(whole));
}

/** Moves the members that have columns of their own into the objects that they belong to. */
function withParts(given: [string, unknown][]): object {
  const isPart = (name: string) => parts.some((part) => part === name);
  const whole = given.filter(([name]) => !isPart(name));
  const split = new Map(given.filter(([name]) => isPart(name)));
  if (split.has('user_alias_name') || split.has('user_alias_label')) {
    const alias = { alias_name: split.get('user_alias_name'), alias_label: split.get('user_alias_label') };
    whole.push(['user_alias', alias]);
  }
  if (split.has('subscription_group_id') || split.has('subscription_state')) {
    const [, groups] = whole.find(([name]) => name === 'subscription_groups') ?? [];
    const group = {
      subscription_group_id: split.get('subscription_group_id'),
      subscription_state: split.get('subscription_state'),
    };
    const others: unknown[] = Array.isArray(groups) ? groups : isObject(groups) ? [groups] : [];
    return Object.fromEntries([
      ...whole.filter(([name]) => name !== 'subscription_groups'),
      ['subscription_groups', [...others, group]],
    ]);
  }
  // fromEntries, because an assignment to the key "__proto__" would not make a member.
  return Object.fromEntries(whole);
}

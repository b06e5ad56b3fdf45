import { nearest } from '../../lib/raw/did-you-mean.ts';
import { isObject, shown } from '../../lib/raw/json.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { profileFields } from '../profile/profile-fields.ts';
import { type CellStyle, type CellType, type FixedType, readCell, type Seen } from './cells.ts';
import { type DateFormat, dateFormatHint } from './date-format.ts';
import type { Doubts } from './doubts.ts';
import { ImportFileError, type Reading, type RecordKind } from './entry.ts';

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
/** `subscription_state:<id of the group>`: a column for the state in one group. */
const groupPrefix = 'subscription_state:';
/** The members that name a person, in the order in which they do. */
const ids = ['external_id', 'braze_id', 'user_alias', 'user_alias_name', 'user_alias_label'];
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

/** Reads the rows of a CSV file, of which it knows the header. */
export interface RowReader {
  /** `line`: on which the row begins. Throws ObjectProblem if nothing of it can be read. */
  read(cells: readonly string[], line: number): Reading;
  /** The cells by the names of the file's columns, for the rejects file. */
  shown(cells: readonly string[]): object;
}

/** Makes the reader of a file's rows. Throws ImportFileError when the header cannot be used. */
export type RowsOf = (header: readonly string[]) => RowReader;

/** The columns of one file. Turns a row of cells into an object of /users/track. */
export class Columns implements RowReader {
  /** The names of the members that the columns set. */
  readonly names: readonly string[];
  readonly #header: readonly string[];
  readonly #types: readonly (CellType | FixedType)[];
  /** The options for each column: they differ in the format of dates. */
  readonly #styles: readonly CsvOptions[];
  readonly #options: CsvOptions;
  readonly #doubts: Doubts | undefined;
  /** The dates whose format nobody named: they are read as /users/track reads them. */
  readonly #plainDates: ReadonlySet<string>;

  /** Throws ImportFileError when the header cannot be used. */
  constructor(header: readonly string[], options: CsvOptions, doubts?: Doubts) {
    this.#doubts = doubts;
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
    const dates = options.records === 'attributes' ? ['dob', ...times] : ['time'];
    this.#plainDates = new Set(dates.filter((name) => this.#types[this.names.indexOf(name)] === 'text'));
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
    const bad: string[] = [];
    for (const [index, name] of this.names.entries()) {
      const cell = cells[index] ?? '';
      if (cell === '') continue;
      try {
        given.push([name, this.#readCell(cell, index, line)]);
      } catch (error) {
        if (!(error instanceof ObjectProblem)) throw error;
        problems.push(error.message);
        bad.push(name);
      }
    }
    this.#refuseNameless(new Map(given));
    return {
      object: objectOf(given, this.#options.records),
      problems,
      badName: badNameIn(bad, new Map(given)),
      ...(this.#plainDates.size > 0 && { hintFor: (name: string) => this.#hintFor(name, cells) }),
    };
  }

  /** What would read the date of this name, if a format does. */
  #hintFor(name: string, cells: readonly string[]): string {
    return this.#plainDates.has(name) ? dateFormatHint(cells[this.names.indexOf(name)] ?? '') : '';
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
    const seen: Seen = {
      number: (column, text) => this.#doubts?.numbers.add(column, text, line),
      fixedLine: (column) => this.#doubts?.addFixedLine(column, line),
    };
    return readCell(cell, this.#types[index] ?? 'text', name, this.#styles[index] ?? this.#options, seen);
  }

  shown(cells: readonly string[]): object {
    if (cells.length !== this.names.length) return cells;
    return Object.fromEntries(this.#header.map((name, index) => [name, cells[index]]));
  }
}

/**
 * The column that would have named the person, had its cell been good. Without it the row would be that of whoever has
 * its email or phone, who may be somebody else. null: the row is named by another cell, or by none.
 */
function badNameIn(bad: readonly string[], given: ReadonlyMap<string, unknown>): string | null {
  const id = bad.find((name) => ids.includes(name));
  if (id !== undefined) return id;
  const isNamed = (names: readonly string[]) => names.some((name) => given.get(name) != null);
  if (isNamed(ids)) return null;
  if (bad.includes('email')) return 'email';
  return bad.includes('phone') && !isNamed(['email']) ? 'phone' : null;
}

function typeOf(name: string, title: string, { types, records, dateFormat }: CsvOptions): CellType | FixedType {
  if (nested.includes(name)) return 'json';
  if (name === 'email' || name === 'phone') return name;
  if (records === 'attributes') {
    if (name === 'country' || name === 'time_zone') return name;
    if (name === 'email_subscribe' || name === 'push_subscribe') return 'global_state';
    if (name === 'subscription_state' || name.startsWith(groupPrefix)) return 'group_state';
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
  return !profileFields.has(name) && !known.includes(name) && !name.startsWith(groupPrefix);
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
  const isPart = (name: string) => parts.some((part) => part === name) || name.startsWith(groupPrefix);
  const whole = given.filter(([name]) => !isPart(name));
  const split = new Map(given.filter(([name]) => isPart(name)));
  if (split.has('user_alias_name') || split.has('user_alias_label')) {
    const alias = { alias_name: split.get('user_alias_name'), alias_label: split.get('user_alias_label') };
    whole.push(['user_alias', alias]);
  }
  const groups = groupsOf(given, split);
  if (groups.length > 0) {
    const [, stated] = whole.find(([name]) => name === 'subscription_groups') ?? [];
    const others: unknown[] = Array.isArray(stated) ? stated : isObject(stated) ? [stated] : [];
    return Object.fromEntries([
      ...whole.filter(([name]) => name !== 'subscription_groups'),
      ['subscription_groups', [...others, ...groups]],
    ]);
  }
  // fromEntries, because an assignment to the key "__proto__" would not make a member.
  return Object.fromEntries(whole);
}

/** The subscription groups that have columns of their own. */
function groupsOf(given: readonly [string, unknown][], split: ReadonlyMap<string, unknown>): object[] {
  const [id, state] = [split.get('subscription_group_id'), split.get('subscription_state')];
  const named = given.filter(([name]) => name.startsWith(groupPrefix));
  return [
    ...(id === undefined && state === undefined ? [] : [{ subscription_group_id: id, subscription_state: state }]),
    ...named.map(([name, value]) => ({
      subscription_group_id: name.slice(groupPrefix.length),
      subscription_state: value,
    })),
  ];
}

import { isObject, shown } from '../../lib/json.ts';
import { readFlag } from '../../lib/lenient.ts';
import { ObjectProblem } from '../../lib/problems.ts';
import { profileFields } from '../profile/profile-fields.ts';
import { ImportFileError } from './entry.ts';

/** The type of a custom attribute's column: it decides how the cells are read. */
export const cellTypes = ['text', 'number', 'boolean', 'json'] as const;
export type CellType = (typeof cellTypes)[number];

export interface CsvOptions {
  delimiter: string;
  /** The type of each column, by its name. Columns that are missing here are text. */
  types: ReadonlyMap<string, CellType>;
  /** The cell text that removes a stored value. null: no text does. An empty cell leaves the stored value. */
  nullText: string | null;
}

/** Columns for single members of an object, as in the original's own CSV files. */
const parts = ['user_alias_name', 'user_alias_label', 'subscription_group_id', 'subscription_state'] as const;
const nested = ['user_alias', 'current_location', 'push_tokens', 'subscription_groups'];
const switches = ['_update_existing_only', '_merge_objects', 'push_token_import'];
const identifiers = ['external_id', 'braze_id', 'user_alias', 'user_alias_name', 'email', 'phone', 'push_tokens'];

/** The columns of one file. Turns a row of cells into an attributes object. */
export class Columns {
  readonly names: readonly string[];
  readonly #types: readonly CellType[];
  readonly #nullText: string | null;

  /** Throws ImportFileError when the header cannot be used. */
  constructor(header: readonly string[], { types, nullText }: CsvOptions) {
    this.names = header.map((name) => name.trim());
    this.#nullText = nullText;
    refuseHeader(this.names, types);
    this.#types = this.names.map((name) => types.get(name) ?? (nested.includes(name) ? 'json' : 'text'));
  }

  /** Turns the cells of a row into an attributes object. Throws ObjectProblem. */
  objectOf(cells: readonly string[]): object {
    if (cells.length !== this.names.length) {
      throw new ObjectProblem(
        `expected ${this.names.length} cells as in the header, got ${cells.length}; is a quote not closed?`,
      );
    }
    const members: [string, unknown][] = [];
    for (const [index, name] of this.names.entries()) {
      const cell = cells[index] ?? '';
      if (cell === '') continue;
      // The decoder replaces bytes that are not UTF-8 with this character.
      if (cell.includes('\ufffd')) throw new ObjectProblem(`${shown(name)}: the cell is not UTF-8`);
      members.push([name, cell === this.#nullText ? null : readCell(cell, this.#types[index] ?? 'text', name)]);
    }
    return withParts(members);
  }

  /** The cells by column name, for the rejects file. */
  shown(cells: readonly string[]): object {
    if (cells.length !== this.names.length) return { cells };
    return Object.fromEntries(this.names.map((name, index) => [name, cells[index]]));
  }
}

function refuseHeader(names: readonly string[], types: ReadonlyMap<string, CellType>): void {
  const refuse = (problem: string) => {
    throw new ImportFileError(`The header cannot be used: ${problem}.`);
  };
  if (names.includes('')) refuse(`column ${names.indexOf('') + 1} has no name`);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined) refuse(`"${shown(twice)}" occurs twice`);
  if (!names.some((name) => identifiers.includes(name))) refuse(`no column names people: ${identifiers.join(', ')}`);
  for (const [part, whole] of [
    ['user_alias_name', 'user_alias_label'],
    ['subscription_group_id', 'subscription_state'],
  ] as const) {
    if (names.includes(part) !== names.includes(whole)) refuse(`${part} and ${whole} go together`);
  }
  for (const name of types.keys()) {
    if (!names.includes(name)) refuse(`--types names "${shown(name)}", and no column is called so`);
    if (!isCustom(name)) refuse(`--types names ${name}, whose type is fixed`);
  }
}

function isCustom(name: string): boolean {
  const known = [...identifiers, ...parts, ...nested, ...switches];
  return !profileFields.has(name) && !known.includes(name);
}

function readCell(cell: string, type: CellType, name: string): unknown {
  switch (type) {
    case 'text':
      return cell;
    case 'number':
      if (/^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(cell)) return Number(cell);
      throw new ObjectProblem(`${shown(name)}: expected a number`);
    case 'boolean': {
      const flag = readFlag(cell.trim() === '1' ? 1 : cell.trim() === '0' ? 0 : cell);
      if (flag.ok && flag.value !== undefined) return flag.value;
      throw new ObjectProblem(`${shown(name)}: expected true or false`);
    }
    case 'json':
      try {
        return JSON.parse(cell);
      } catch {
        throw new ObjectProblem(`${shown(name)}: expected JSON`);
      }
  }
}

/** Moves the members that have columns of their own into the objects that they belong to. */
function withParts(members: [string, unknown][]): object {
  const isPart = (name: string) => parts.some((part) => part === name);
  const whole = members.filter(([name]) => !isPart(name));
  const given = new Map(members.filter(([name]) => isPart(name)));
  if (given.has('user_alias_name') || given.has('user_alias_label')) {
    const alias = { alias_name: given.get('user_alias_name'), alias_label: given.get('user_alias_label') };
    whole.push(['user_alias', alias]);
  }
  if (given.has('subscription_group_id') || given.has('subscription_state')) {
    const [, groups] = whole.find(([name]) => name === 'subscription_groups') ?? [];
    const group = {
      subscription_group_id: given.get('subscription_group_id'),
      subscription_state: given.get('subscription_state'),
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

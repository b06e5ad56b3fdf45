import type { CellType } from '../people/import/cells.ts';
import type { DateFormat } from '../people/import/date-format.ts';
import type { RecordKind } from '../people/import/entry.ts';

/** The options of `cresset users import` that say how records are read, as Commander gives them. */
export interface RecordOptions {
  records: RecordKind;
  types?: ReadonlyMap<string, CellType>;
  map?: ReadonlyMap<string, string>;
  null?: string;
  booleans?: ReadonlyMap<string, boolean>;
  currency?: string;
  dateFormat?: { general: DateFormat | null; columns: ReadonlyMap<string, DateFormat> };
  decimalComma?: boolean;
  thousandsComma?: boolean;
  phoneCountry?: string | null;
  skipBadCells?: boolean;
  from?: string;
  app?: ReadonlyMap<string, string>;
  smsGroup?: string;
}

/**
 * The options that decide how the records of a file are read, as on a command line: the rejects file keeps them. What
 * says how to read the bytes (`--encoding`, `--format`) is left out, because a rejects file is always NDJSON in UTF-8.
 */
export function recordArguments(options: RecordOptions): string[] {
  const { types, map, booleans, dateFormat } = options;
  const pairs = (name: string, map: ReadonlyMap<string, string> = new Map()) =>
    [...map].map(([key, value]) => `${name}=${key}=${value}`);
  const one = (name: string, value: string | null | undefined) => (value == null ? [] : [`${name}=${value}`]);
  const flag = (name: string, isSet: boolean | undefined) => (isSet ? [name] : []);
  return [
    ...one('--from', options.from),
    ...pairs('--app', options.app),
    ...one('--sms-group', options.smsGroup),
    ...(options.records === 'attributes' ? [] : [`--records=${options.records}`]),
    ...pairs('--types', types),
    ...pairs('--map', map),
    ...one('--null', options.null),
    ...wordsOf(booleans).map((words) => `--booleans=${words}`),
    ...one('--currency', options.currency),
    ...(dateFormat?.general?.texts ?? []).map((text) => `--date-format=${text}`),
    ...[...(dateFormat?.columns ?? [])].flatMap(([column, { texts }]) =>
      texts.map((text) => `--date-format=${column}=${text}`),
    ),
    ...flag('--decimal-comma', options.decimalComma),
    ...flag('--thousands-comma', options.thousandsComma),
    ...one('--phone-country', options.phoneCountry),
    ...flag('--skip-bad-cells', options.skipBadCells),
  ];
}

/** Words for true and false in pairs. The words were given in pairs, so each side has the last word of the other. */
function wordsOf(words: ReadonlyMap<string, boolean> = new Map()): string[] {
  const of = (value: boolean) => [...words].filter(([, one]) => one === value).map(([word]) => word);
  const [yes, no] = [of(true), of(false)];
  return Array.from(
    { length: Math.max(yes.length, no.length) },
    (_, index) => `${yes[index] ?? yes.at(-1)}/${no[index] ?? no.at(-1)}`,
  );
}

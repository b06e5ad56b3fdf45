/** Ways to write dates, such as `DD.MM.YYYY` or `M/D/YYYY HH:mm`. The first that fits a text reads it. */
export interface DateFormat {
  texts: readonly string[];
  /** Returns `YYYY-MM-DD`, or with a time of day `YYYY-MM-DDTHH:mm:ssZ`. null: the text is no date of any of the formats. */
  read(text: string): string | null;
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const parts: ReadonlyMap<string, { part: Part; digits: string }> = new Map([
  ['YYYY', { part: 'year', digits: '\\d{4}' }],
  ['YY', { part: 'year', digits: '\\d{2}' }],
  ['MM', { part: 'month', digits: '\\d{2}' }],
  ['M', { part: 'month', digits: '\\d{1,2}' }],
  ['DD', { part: 'day', digits: '\\d{2}' }],
  ['D', { part: 'day', digits: '\\d{1,2}' }],
  ['HH', { part: 'hour', digits: '\\d{2}' }],
  ['H', { part: 'hour', digits: '\\d{1,2}' }],
  ['mm', { part: 'minute', digits: '\\d{2}' }],
  ['ss', { part: 'second', digits: '\\d{2}' }],
]);

export const dateFormatHelp =
  'expected a format of YYYY or YY, MM or M, DD or D, and perhaps HH or H, mm, ss: DD.MM.YYYY';

/** Reads a format: each part at most once; year, month and day are needed. null: it is none. Times are in UTC. */
export function readDateFormat(text: string): DateFormat | null {
  const pieces = text.match(/[A-Za-z]+|[^A-Za-z]+/g) ?? [];
  const order: Part[] = [];
  let pattern = '';
  for (const piece of pieces) {
    const known = parts.get(piece);
    if (known === undefined && /[A-Za-z\d]/.test(piece)) return null;
    pattern += known === undefined ? RegExp.escape(piece) : `(${known.digits})`;
    if (known !== undefined) order.push(known.part);
  }
  const given = new Set(order);
  const isWhole = (['year', 'month', 'day'] as const).every((part) => given.has(part));
  if (!isWhole || given.size < order.length || (given.has('minute') && !given.has('hour'))) return null;
  const whole = new RegExp(`^${pattern}$`);
  return {
    texts: [text],
    read(cell) {
      const found = whole.exec(cell.trim());
      return found === null ? null : isoOf(new Map(order.map((part, index) => [part, found[index + 1] ?? ''])));
    },
  };
}

/** Reads what either format reads; the first has precedence. */
export function eitherFormat(first: DateFormat | null | undefined, second: DateFormat): DateFormat {
  if (first === null || first === undefined) return second;
  return { texts: [...first.texts, ...second.texts], read: (text) => first.read(text) ?? second.read(text) };
}

/** Of two digits, 00 to 68 are years from 2000, as POSIX has it. */
function wholeYear(year: string): string {
  if (year.length !== 2) return year.padStart(4, '0');
  return (year <= '68' ? '20' : '19') + year;
}

function isoOf(values: ReadonlyMap<Part, string>): string | null {
  const of = (part: Part, width = 2) => (values.get(part) ?? '').padStart(width, '0');
  const day = `${wholeYear(values.get('year') ?? '')}-${of('month')}-${of('day')}`;
  const iso = values.has('hour') ? `${day}T${of('hour')}:${of('minute')}:${of('second')}Z` : day;
  const date = new Date(iso);
  // `Date` moves the 31st of February into March, and 24:00 to the next day.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso.replace('Z', '')) ? iso : null;
}

/** Ways to write dates that are tried when none is named: of each line the first that fits. */
const guesses = [
  ['DD.MM.YYYY', 'D.M.YYYY', 'DD.MM.YY'],
  ['DD/MM/YYYY', 'D/M/YYYY'],
  ['MM/DD/YYYY', 'M/D/YYYY'],
  ['DD-MM-YYYY'],
  ['YYYY/MM/DD'],
].map((texts) => texts.map((text) => readDateFormat(text)).filter((format) => format !== null));

/** The formats that read a text, as `; --date-format DD.MM.YYYY reads it`. Empty: none of the usual ones does. */
export function dateFormatHint(cell: string): string {
  const fit = guesses.flatMap((formats) => formats.find((format) => format.read(cell) !== null)?.texts ?? []);
  if (fit.length === 0) return '';
  return `; --date-format ${fit.join(' or ')} ${fit.length > 1 ? 'read' : 'reads'} it`;
}

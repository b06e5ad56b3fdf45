import type { Budget } from '../budget.ts';
import { LiquidError } from '../errors.ts';
import { TextBuilder } from '../values/text.ts';
import { dayOfYear, isoWeekOf, weekdayOf, weekOf } from './calendar.ts';
import type { Moment } from './moment.ts';

/** What may stand between `%` and the letter. */
interface Options {
  flags: string;
  /** 0: not given. */
  width: number;
  colons: number;
}

type Directive = (moment: Moment, options: Options, budget: Budget) => string;

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** A number of at least so many digits, filled up with zeros or blanks; the flags `-`, `_` and `0` have the last word. */
function number(least: number, read: (moment: Moment) => number, filler: '0' | ' ' = '0'): Directive {
  return (moment, { flags, width }) => padNumber(read(moment), width || least, padding(flags, filler));
}

/** Null: no padding. */
function padding(flags: string, usual: '0' | ' '): '0' | ' ' | null {
  const last = /[-_0](?=[^-_0]*$)/.exec(flags)?.[0];
  if (flags.includes('-')) return null;
  return last === undefined ? usual : last === '_' ? ' ' : '0';
}

/** `-` takes back what was said before it. */
function behindDash(flags: string): string {
  return flags.slice(flags.lastIndexOf('-') + 1);
}

function padNumber(value: number, width: number, filler: '0' | ' ' | null): string {
  const digits = String(Math.abs(value));
  const sign = value < 0 ? '-' : '';
  if (filler === null) return sign + digits;
  return filler === ' ' ? (sign + digits).padStart(width) : sign + digits.padStart(width - sign.length, '0');
}

/** A word. `#` turns its case round where it says which. */
function word(read: (moment: Moment) => string, turned: 'upper' | 'lower' = 'upper'): Directive {
  return (moment, { flags, width }) => {
    const text = read(moment);
    const isTurned = flags.includes('#');
    const isUpper = isTurned ? turned === 'upper' : flags.includes('^');
    const cased = isUpper ? text.toUpperCase() : isTurned ? text.toLowerCase() : text;
    return text === '' || flags.includes('-') ? cased : cased.padStart(width, padding(flags, ' ') ?? ' ');
  };
}

/** Stands for another format. */
function composed(format: string): Directive {
  return (moment, { flags, width }, budget) => {
    const text = strftime(moment, format, budget);
    const cased = flags.includes('^') ? text.toUpperCase() : text;
    return cased.padStart(width, padding(behindDash(flags), ' ') ?? ' ');
  };
}

/** Digits of the fraction of a second: as many as the width says. */
function fraction(usual: number): Directive {
  return (moment, { width }) =>
    String(moment.nanos)
      .padStart(9, '0')
      .padEnd(width, '0')
      .slice(0, width || usual);
}

/** `+0200`, `+02:00`, `+02:00:00`; with three colons as short as it can be. */
function zoneOffset({ clock }: Moment, { flags, width, colons }: Options): string {
  const seconds = Math.abs(clock.offset);
  const [hour, minute, second] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  const parts = [`${colons > 0 ? ':' : ''}${two(minute)}`, `:${two(second)}`];
  const shown = colons === 3 ? (second > 0 ? 2 : minute > 0 ? 1 : 0) : colons === 2 ? 2 : 1;
  const rest = parts.slice(0, shown).join('');
  const sign = clock.offset < 0 || (clock.isUtc && flags.includes('-')) ? '-' : '+';
  const hourWidth = Math.max(2, width - 1 - rest.length);
  if (padding(behindDash(flags), '0') === ' ') return `${sign}${hour}`.padStart(hourWidth + 1) + rest;
  return sign + String(hour).padStart(hourWidth, '0') + rest;
}

const directives: ReadonlyMap<string, Directive> = new Map<string, Directive>([
  ['Y', year((moment) => moment.date.year)],
  ['C', number(2, (moment) => Math.floor(moment.date.year / 100))],
  ['y', number(2, (moment) => remainder(moment.date.year, 100))],
  ['m', number(2, (moment) => moment.date.month)],
  ['d', number(2, (moment) => moment.date.day)],
  ['e', number(2, (moment) => moment.date.day, ' ')],
  ['j', number(3, (moment) => dayOfYear(moment.days))],
  ['H', number(2, (moment) => moment.hour)],
  ['k', number(2, (moment) => moment.hour, ' ')],
  ['I', number(2, (moment) => moment.hour % 12 || 12)],
  ['l', number(2, (moment) => moment.hour % 12 || 12, ' ')],
  ['M', number(2, (moment) => moment.minute)],
  ['S', number(2, (moment) => moment.second)],
  ['s', number(1, (moment) => moment.seconds)],
  ['L', fraction(3)],
  ['N', fraction(9)],
  ['G', year((moment) => isoWeekOf(moment.days).year)],
  ['g', number(2, (moment) => remainder(isoWeekOf(moment.days).year, 100))],
  ['V', number(2, (moment) => isoWeekOf(moment.days).week)],
  ['U', number(2, (moment) => weekOf(moment.days, 0))],
  ['W', number(2, (moment) => weekOf(moment.days, 1))],
  ['u', number(1, (moment) => weekdayOf(moment.days) || 7)],
  ['w', number(1, (moment) => weekdayOf(moment.days))],
  ['A', word((moment) => days[weekdayOf(moment.days)] ?? '')],
  ['a', word((moment) => (days[weekdayOf(moment.days)] ?? '').slice(0, 3))],
  ['B', word((moment) => months[moment.date.month - 1] ?? '')],
  ['b', word((moment) => (months[moment.date.month - 1] ?? '').slice(0, 3))],
  ['h', word((moment) => (months[moment.date.month - 1] ?? '').slice(0, 3))],
  ['p', word((moment) => (moment.hour < 12 ? 'AM' : 'PM'), 'lower')],
  ['P', word((moment) => (moment.hour < 12 ? 'am' : 'pm'))],
  ['Z', word((moment) => moment.clock.name, 'lower')],
  ['z', zoneOffset],
  ['%', word(() => '%')],
  ['n', word(() => '\n')],
  ['t', word(() => '\t')],
  ['c', composed('%a %b %e %H:%M:%S %Y')],
  ['D', composed('%m/%d/%y')],
  ['F', composed('%Y-%m-%d')],
  ['r', composed('%I:%M:%S %p')],
  ['R', composed('%H:%M')],
  ['T', composed('%H:%M:%S')],
  ['v', composed('%e-%^b-%4Y')],
  ['x', composed('%m/%d/%y')],
  ['X', composed('%H:%M:%S')],
]);

function year(read: (moment: Moment) => number): Directive {
  return (moment, options, budget) => number(read(moment) < 0 ? 5 : 4, read)(moment, options, budget);
}

function remainder(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** The letters that may stand behind `E` and `O`, which change nothing. */
const modified: Readonly<Record<string, string>> = { E: 'cCxXyY', O: 'deHkIlmMSuUVwWy' };

const directive = /%([-0^#_]*)([1-9]\d*)?(:{1,3}(?=z))?([EO](?=[a-zA-Z]))?([a-zA-Z%])/y;

/**
 * A moment as `format` says. What is no directive stays as it is. Throws LiquidError for a `%` with nothing behind it.
 * As Ruby's Time#strftime does.
 */
export function strftime(moment: Moment, format: string, budget: Budget): string {
  const builder = new TextBuilder(budget);
  let from = 0;
  for (let at = format.indexOf('%'); at !== -1; at = format.indexOf('%', from)) {
    builder.add(format.slice(from, at));
    const { text, end } = directiveAt(moment, format, at, budget);
    builder.add(text);
    from = end;
  }
  builder.add(format.slice(from));
  return builder.toString();
}

function directiveAt(moment: Moment, format: string, at: number, budget: Budget): { text: string; end: number } {
  directive.lastIndex = at;
  const match = directive.exec(format);
  const [whole = '', flags = '', width = '0', colons = '', modifier = '', letter = ''] = match ?? [];
  const show = directives.get(letter);
  if (show === undefined || (modifier !== '' && !modified[modifier]?.includes(letter))) return unknownAt(format, at);
  budget.text(Number(width));
  const options = { flags, width: Number(width), colons: colons.length };
  return { text: show(moment, options, budget), end: at + whole.length };
}

/** Up to the letter that is not known. */
function unknownAt(format: string, at: number): { text: string; end: number } {
  let end = at + 1;
  while (/[-0-9^#_:]/.test(format[end] ?? '')) end += 1;
  if (end === format.length) throw new LiquidError('date: the format ends within a directive');
  if (format[end] !== '%') end += format.codePointAt(end) === format.charCodeAt(end) ? 1 : 2;
  return { text: format.slice(at, end), end };
}

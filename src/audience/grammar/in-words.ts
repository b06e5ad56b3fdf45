import { isObject } from '../../lib/raw/json.ts';

/** Most characters of a description. */
const MOST = 10_000;

/**
 * Says in words whom a stored filter describes, for people to read. null: everybody. It is not meant to be parsed.
 * Example: `custom attribute "plan" equals "gold" and (email available true or session count greater than 3)`.
 */
export function filterInWords(filter: unknown): string {
  const words = filter === null ? 'everybody' : inWords(filter, 'top');
  return words.length <= MOST ? words : `${words.slice(0, MOST - 1)}…`;
}

function inWords(filter: unknown, within: 'top' | 'group'): string {
  if (!isObject(filter)) return valueInWords(filter);
  const [[name, of] = ['', undefined]] = Object.entries(filter);
  if (name === 'NOT') return `not (${inWords(of, 'top')})`;
  if ((name !== 'AND' && name !== 'OR') || !Array.isArray(of)) return `${spaced(name)} ${membersInWords(of)}`.trim();
  const joined = of.map((one) => inWords(one, of.length > 1 ? 'group' : within)).join(` ${name.toLowerCase()} `);
  return within === 'group' && of.length > 1 ? `(${joined})` : joined;
}

/** The values of a filter's members: of what, how it is compared, with what. The database does not keep their order. */
function membersInWords(members: unknown): string {
  if (!isObject(members)) return valueInWords(members);
  return Object.entries(members)
    .sort(([one], [other]) => placeOf(one) - placeOf(other))
    .map(([name, value]) => {
      if (name === 'comparison' || name === 'state') return spaced(String(value));
      return name === 'value' || name.endsWith('_name')
        ? valueInWords(value)
        : `${spaced(name)} ${valueInWords(value)}`;
    })
    .join(' ');
}

function placeOf(member: string): number {
  if (/_(name|id|group)$/.test(member)) return 0;
  return member === 'comparison' || member === 'state' ? 1 : 2;
}

function valueInWords(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}

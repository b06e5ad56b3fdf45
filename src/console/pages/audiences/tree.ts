import { isObject, type Json, type Path, withValue } from '../../lib/document.ts';

/** The only member of a filter, or null: it has none, or several. */
export function nodeOf(value: unknown): { key: string; of: unknown } | null {
  if (!isObject(value)) return null;
  const [first, ...more] = Object.entries(value);
  return first === undefined || more.length > 0 ? null : { key: first[0], of: first[1] };
}

/** The place of a filter as the API names it, such as `filter.AND[1]`. */
export function nameOf(path: Path): string {
  return path.reduce<string>(
    (name, part) => (typeof part === 'number' ? `${name}[${part}]` : `${name}.${part}`),
    'filter',
  );
}

/** The filter without one of its parts. A group that has nothing left goes, too. null: everybody. */
export function without(filter: unknown, part: string, at = 'filter'): unknown {
  if (at === part) return null;
  const node = nodeOf(filter);
  if (node === null) return filter;
  const { key, of } = node;
  if ((key === 'AND' || key === 'OR') && Array.isArray(of)) {
    const left = of.map((one, index) => without(one, part, `${at}.${key}[${index}]`)).filter((one) => one !== null);
    return left.length === 0 ? null : { [key]: left };
  }
  if (key !== 'NOT') return filter;
  const inner = without(of, part, `${at}.NOT`);
  return inner === null ? null : { NOT: inner };
}

/** The text without the filter at this place, and without the groups that held nothing else. */
export function removed(text: string, body: Json, path: Path, empty: string): string {
  for (let length = path.length; length > 0; length -= 1) {
    const at = path.slice(0, length);
    if (typeof at.at(-1) !== 'number') continue;
    const around = at.slice(0, -1).reduce<unknown>((value, part) => Object(value)[part], body);
    if (Array.isArray(around) && around.length > 1) return withValue(text, at, undefined);
  }
  return empty;
}

import type { RawObject } from '../../../lib/raw/json.ts';
import { readText } from '../../../lib/raw/lenient.ts';
import type { Fields } from '../../fields.ts';

export function atMostOne(fields: Fields, key: string): void {
  fields.problems.add('range', fields.at(key), 'expected at most one variable');
}

/** Values by position, from an array or from an object with the keys "0", "1", … without gaps. */
export function readVariables(fields: Fields, key: string): string[] | undefined {
  const entries = readIndexed(fields, key);
  if (entries === undefined) return undefined;
  const values = [...entries].sort(([one], [other]) => one - other);
  if (values.some(([index], position) => index !== position)) {
    fields.problems.add('range', fields.at(key), 'expected the keys "0", "1", … without gaps');
  }
  return values.map(([, value]) => value);
}

export function readButtonVariable(fields: Fields): Record<string, string> | undefined {
  const entries = readIndexed(fields, 'button_variables');
  if (entries === undefined) return undefined;
  if (entries.length > 1) atMostOne(fields, 'button_variables');
  return Object.fromEntries(entries.map(([index, value]) => [String(index), value]));
}

function readIndexed(fields: Fields, key: string): [number, string][] | undefined {
  const raw = fields.get(key);
  const hash: RawObject | undefined = Array.isArray(raw) ? Object.fromEntries(raw.entries()) : fields.hash(key);
  if (hash === undefined) return undefined;
  return Object.entries(hash).flatMap(([index, value]) => {
    const text = readText(value);
    if (!/^(0|[1-9]\d{0,3})$/.test(index)) {
      fields.problems.add('range', fields.at(key), 'expected zero-based indexes as keys');
      return [];
    }
    if (!text.ok || text.value === undefined) {
      fields.problems.add('type', `${fields.at(key)}.${index}`, 'expected a text');
      return [];
    }
    return [[Number(index), text.value]];
  });
}

import type { RawObject } from '../../../lib/raw/json.ts';

/** The columns of a CSV file that are members of an object, such as `User.UserAttributes.plan`. */
const dotted = /^(User\.UserAttributes|Attributes|Metrics|Location|Demographic|User)\.(.+)$/s;

/** A record with the members that dotted columns set in their objects. Records of NDJSON have none. */
export function nested(record: RawObject): RawObject {
  const columns = Object.entries(record);
  if (!columns.some(([name]) => dotted.test(name))) return record;
  const parts = new Map<string, [string, unknown][]>();
  const plain: [string, unknown][] = [];
  for (const [name, cell] of columns) {
    const [, part, member] = dotted.exec(name) ?? [];
    if (part === undefined || member === undefined) plain.push([name, cell]);
    else if (cell !== '') parts.set(part, [...(parts.get(part) ?? []), [member, isList(part) ? listOf(cell) : cell]]);
  }
  const of = (part: string): RawObject => Object.fromEntries(parts.get(part) ?? []);
  const objects = ['Attributes', 'Metrics', 'Location', 'Demographic'].map((part): [string, unknown] => [
    part,
    of(part),
  ]);
  const user = { ...of('User'), UserAttributes: of('User.UserAttributes') };
  return Object.fromEntries([...plain, ...objects, ['User', user]]);
}

function isList(part: string): boolean {
  return part === 'Attributes' || part === 'User.UserAttributes';
}

/** The values of an attribute, which is always a list: a cell holds one, or a JSON array of texts. */
function listOf(cell: unknown): unknown[] {
  const text = String(cell);
  if (!text.startsWith('[')) return [text];
  try {
    const values: unknown = JSON.parse(text);
    return Array.isArray(values) ? values : [text];
  } catch {
    return [text];
  }
}

import { applyEdits, findNodeAtLocation, type JSONPath, modify, type Node, parseTree } from 'jsonc-parser';

/** Members and places of elements, from the outside in. */
export type Path = readonly (string | number)[];
export type Json = Readonly<Record<string, unknown>>;

/** The text as an object, or why it is none. */
export type Parsed = { body: Json; problem: null } | { body: null; problem: string };

export function parsed(text: string): Parsed {
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return { body, problem: null };
    return { body: null, problem: 'The JSON is no object' };
  } catch (error) {
    return { body: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function valueAt(body: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return value[Number(part)];
    return isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }, body);
}

export function textAt(body: unknown, path: Path): string {
  const value = valueAt(body, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The text with one member changed; all else stays as it is written. `undefined` takes the member away. */
export function withValue(text: string, path: Path, value: unknown): string {
  const options = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } };
  return applyEdits(text, modify(text, path as JSONPath, value, options));
}

export function withValues(text: string, changes: readonly (readonly [Path, unknown])[]): string {
  return changes.reduce((sofar, [path, value]) => withValue(sofar, path, value), text);
}

/** Whether a member can stand there: nothing around it is a text or a number. */
export function canHold(body: unknown, path: Path): boolean {
  return path.slice(0, -1).every((_part, index) => {
    const around = valueAt(body, path.slice(0, index + 1));
    return around === undefined || isObject(around) || Array.isArray(around);
  });
}

/** Something that the API says of a place in the document. */
export interface Remark {
  kind: 'error' | 'warning';
  /** What the API says, unchanged. */
  text: string;
}

/** A remark, and the line that it is about, from 0. null: it is about none. */
export interface PlacedRemark extends Remark {
  line: number | null;
}

/** Texts of the API begin with the path of what they are about: `messages.email.subject: …`, `external_user_ids[1] is …`. */
export function pathIn(remark: string): Path {
  const [, path = ''] = /^([\w$-]+(?:\.[\w$-]+|\[\d+\])*)(?=:|\s)/.exec(remark) ?? [];
  return [...path.matchAll(/([\w$-]+)|\[(\d+)\]/g)].map(([, member, place]) => member ?? Number(place));
}

export function placed(text: string, remarks: readonly Remark[]): PlacedRemark[] {
  const tree = parseTree(text);
  return remarks.map((remark) => ({
    ...remark,
    line: tree === undefined ? null : lineOf(text, tree, pathIn(remark.text)),
  }));
}

/** The line of the innermost member of the path that is there. */
function lineOf(text: string, tree: Node, path: Path): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(tree, path.slice(0, length) as JSONPath);
    if (node === undefined) continue;
    const { offset } = node.parent?.type === 'property' ? node.parent : node;
    return text.slice(0, offset).split('\n').length - 1;
  }
  return null;
}

/** Whether two texts ask for the same. */
export function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [first, second] = [parsed(one).body, parsed(other).body];
  return first !== null && second !== null && JSON.stringify(first) === JSON.stringify(second);
}

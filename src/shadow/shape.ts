import { isObject, own } from '../lib/raw/json.ts';

/** Ids and times are kinds of text: their values differ between two servers, and say nothing. */
export type Kind = 'null' | 'boolean' | 'number' | 'text' | 'id' | 'time' | 'array' | 'object';

/** What a value of JSON looks like. `items` is the shape that all elements of an array have together. */
export interface Shape {
  kinds: Set<Kind>;
  members: Map<string, Shape>;
  items: Shape | null;
}

export interface ShapeDifference {
  kind: 'missing' | 'extra' | 'type';
  /** Such as `users[].email`. */
  path: string;
  /** Kinds of the value at the original. Absent: it has none. */
  there?: string;
  here?: string;
}

const ID = /^(?:[0-9a-f]{24}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z| ?[+-]\d{2}:?\d{2})?$/;

export function shapeOf(value: unknown): Shape {
  const shape = emptyShape();
  learn(shape, value);
  return shape;
}

function emptyShape(): Shape {
  return { kinds: new Set(), members: new Map(), items: null };
}

function learn(shape: Shape, value: unknown): void {
  shape.kinds.add(kindOf(value));
  if (Array.isArray(value)) {
    for (const element of value) {
      shape.items ??= emptyShape();
      learn(shape.items, element);
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const member = shape.members.get(key) ?? emptyShape();
      shape.members.set(key, member);
      learn(member, own(value, key));
    }
  }
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'string') return ID.test(value) ? 'id' : TIME.test(value) ? 'time' : 'text';
  return typeof value === 'boolean' || typeof value === 'number' ? (typeof value as Kind) : 'object';
}

/** An array that is empty on one side says nothing about its elements. */
export function shapeDifferences(there: Shape, here: Shape, path = ''): ShapeDifference[] {
  if (!sharesKind(there, here)) return [{ kind: 'type', path, there: kindsOf(there), here: kindsOf(here) }];
  const found: ShapeDifference[] = [];
  if (there.kinds.has('object') && here.kinds.has('object')) found.push(...memberDifferences(there, here, path));
  if (there.items !== null && here.items !== null)
    found.push(...shapeDifferences(there.items, here.items, `${path}[]`));
  return found;
}

function memberDifferences(there: Shape, here: Shape, path: string): ShapeDifference[] {
  const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`);
  const found: ShapeDifference[] = [];
  for (const [key, member] of there.members) {
    const ours = here.members.get(key);
    if (ours === undefined) found.push({ kind: 'missing', path: pathOf(key), there: kindsOf(member) });
    else found.push(...shapeDifferences(member, ours, pathOf(key)));
  }
  for (const [key, member] of here.members) {
    if (!there.members.has(key)) found.push({ kind: 'extra', path: pathOf(key), here: kindsOf(member) });
  }
  return found;
}

function sharesKind(there: Shape, here: Shape): boolean {
  return [...there.kinds].some((kind) => here.kinds.has(kind));
}

function kindsOf({ kinds }: Shape): string {
  return [...kinds].sort().join(' or ');
}

import type { Schema } from '../../../src/http/openapi/schema.ts';
import type { ApiDocument } from './document.ts';

/** A place in a body: names of members, and 0 for the first element of an array. */
export type Place = readonly (string | number)[];

/** A documented member. */
export interface DocumentedMember {
  place: Place;
  schema: Schema;
  /** The object that it is a member of. */
  holder: Schema;
}

/**
 * Every member of a body that the document names, those of members and elements included. `known`: references to shared
 * schemas that were followed already; they are not followed again.
 */
export function membersOf(
  document: ApiDocument,
  schema: Schema,
  { known = new Set(), place = [] }: { known?: Set<string>; place?: Place } = {},
): DocumentedMember[] {
  const { $ref } = schema;
  if ($ref !== undefined && known.has($ref)) return [];
  if ($ref !== undefined) known.add($ref);
  return variantsOf(document, schema).flatMap((one) => {
    if (one.items !== undefined) return membersOf(document, one.items, { known, place: [...place, 0] });
    return Object.entries(one.properties ?? {}).flatMap(([name, member]) => {
      const at = [...place, name];
      const inside = membersOf(document, member, { known, place: at });
      return [{ place: at, schema: document.resolved(member), holder: one }, ...inside];
    });
  });
}

/** The forms that a value may have, each with one type. */
export function variantsOf(document: ApiDocument, schema: Schema): Schema[] {
  const one = document.resolved(schema);
  return one.anyOf === undefined ? [one] : one.anyOf.flatMap((form) => variantsOf(document, form));
}

/** A value of the documented type, with all its members. */
export function sampleOf(document: ApiDocument, schema: Schema): unknown {
  const [one = {}] = variantsOf(document, schema);
  if (one.examples?.[0] !== undefined) return one.examples[0];
  if (one.enum !== undefined) return one.enum[0];
  switch ([one.type].flat()[0]) {
    case 'integer':
    case 'number':
      return Math.max(one.minimum ?? 1, Math.min(1, one.maximum ?? 1));
    case 'boolean':
      return true;
    case 'array':
      return [sampleOf(document, one.items ?? {})];
    case 'object':
      return Object.fromEntries(
        Object.entries(one.properties ?? {}).map(([name, member]) => [name, sampleOf(document, member)]),
      );
    default:
      return one.format === 'date-time' ? '2026-12-24T18:00:00Z' : 'sample';
  }
}

/** A value of a type that is not documented. undefined: there is none that readers could tell apart. */
export function wrongFor(document: ApiDocument, schema: Schema): unknown {
  const variants = variantsOf(document, schema);
  const types = variants.flatMap(({ type }) => type ?? []);
  if (variants.some(({ type }) => type === undefined)) return undefined;
  const holdsTexts = variants.some(({ items }) => items !== undefined && document.resolved(items).type !== 'object');
  const takesTexts = types.includes('string') || holdsTexts;
  if (!types.includes('object') && (takesTexts || !types.includes('array'))) return { wrong: [1] };
  // A number counts as its text.
  if (takesTexts) return types.includes('array') ? undefined : [[1]];
  return 7;
}

/** The body with this value there; what is missing on the way is made from the document. */
export function withValue(document: ApiDocument, schema: Schema, body: unknown, place: Place, value: unknown): unknown {
  const [first, ...rest] = place;
  if (first === undefined) return value;
  const variants = variantsOf(document, schema);
  const one =
    typeof first === 'number'
      ? variants.find(({ items }) => items !== undefined)
      : (variants.find(({ properties }) => properties?.[first] !== undefined) ??
        variants.find(({ type }) => type === 'object'));
  const next = typeof first === 'number' ? one?.items : one?.properties?.[first];
  const fits =
    typeof first === 'number' ? Array.isArray(body) : typeof body === 'object' && body !== null && !Array.isArray(body);
  const holder = structuredClone(fits ? body : sampleOf(document, one ?? {})) as Record<string | number, unknown>;
  const made = withValue(document, next ?? {}, holder[first], rest, value);
  if (made === undefined) Reflect.deleteProperty(holder, first);
  else holder[first] = made;
  // Of an object that has one member, the others go.
  if (made !== undefined && one?.maxProperties === 1)
    for (const other of Object.keys(holder)) if (other !== first) Reflect.deleteProperty(holder, other);
  return holder;
}

export function pathOf(place: Place): string {
  return place.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? part : `${path}.${part}`;
  }, '');
}

/** Whether members with any names may stand here. */
export function isFree(document: ApiDocument, schema: Schema, place: Place): boolean {
  const [first, ...rest] = place;
  const variants = variantsOf(document, schema);
  if (first === undefined) return variants.some(isOpen);
  return variants.some((one) => {
    const next = typeof first === 'number' ? one.items : one.properties?.[first];
    return next === undefined ? isOpen(one) : isFree(document, next, rest);
  });
}

function isOpen({ type, properties, additionalProperties = properties === undefined }: Schema): boolean {
  return type === undefined || (type === 'object' && additionalProperties !== false);
}

import type { Json } from '../../lib/raw/json.ts';

/** What of JSON Schema 2020-12 our documents use. */
export interface Schema {
  type?: Type | readonly Type[];
  description?: string;
  format?: string;
  pattern?: string;
  enum?: readonly (string | number | null)[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  minItems?: number;
  minProperties?: number;
  maxProperties?: number;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  anyOf?: readonly Schema[];
  $ref?: string;
  deprecated?: true;
  /** A value that shows the form. */
  examples?: readonly Json[];
  /** Why a value of another type is not refused, in a few words. */
  'x-cresset-other-types'?: string;
}
export type Type = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | 'null';

/** A member of an object, and whether it must be there. */
export interface Member {
  schema: Schema;
  isRequired: boolean;
}
export type Members = Readonly<Record<string, Schema | Member>>;

export function text(description?: string, limits: Pick<Schema, 'maxLength' | 'format' | 'pattern'> = {}): Schema {
  return { type: 'string', ...described(description), ...limits };
}

export function oneOf(words: readonly string[], description?: string): Schema {
  return { type: 'string', enum: [...words], ...described(description) };
}

/** A time in ISO 8601 with the year first. */
export function time(description?: string): Schema {
  return text(description, { format: 'date-time' });
}

interface Range {
  min?: number;
  max?: number;
}

export function integer(description?: string, range: Range = {}): Schema {
  return { type: 'integer', ...described(description), ...bounds(range) };
}

export function number(description?: string, range: Range = {}): Schema {
  return { type: 'number', ...described(description), ...bounds(range) };
}

function bounds({ min, max }: Range): Pick<Schema, 'minimum' | 'maximum'> {
  return { ...(min !== undefined && { minimum: min }), ...(max !== undefined && { maximum: max }) };
}

export function flag(description?: string): Schema {
  return { type: 'boolean', ...described(description) };
}

export function list(items: Schema, description?: string, most?: number): Schema {
  return { type: 'array', items, ...described(description), ...(most !== undefined && { maxItems: most }) };
}

/** An object whose members have any names. Default: and any values. */
export function map(values: Schema | null = null, description?: string): Schema {
  return { type: 'object', ...described(description), additionalProperties: values ?? true };
}

/** Any JSON. */
export function anything(description?: string): Schema {
  return described(description);
}

export function orNull(schema: Schema): Schema {
  const { type, $ref } = schema;
  if ($ref !== undefined || type === undefined) return { anyOf: [schema, { type: 'null' }] };
  const withNull = { ...schema, type: [...[type].flat(), 'null'] } as Schema;
  return schema.enum === undefined ? withNull : { ...withNull, enum: [...schema.enum, null] };
}

export function either(description: string, ...schemas: Schema[]): Schema {
  return { ...described(description), anyOf: schemas };
}

/** A schema that many operations share; `components.ts` has it. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function required(schema: Schema): Member {
  return { schema, isRequired: true };
}

export function optional(schema: Schema): Member {
  return { schema, isRequired: false };
}

/** A part of a request: a member need not be given unless it is `required`. Unknown members are ignored or refused, as each reader says. */
export function given(members: Members, description?: string): Schema {
  return objectOf(members, false, description);
}

/** A part of an answer: a member is always there unless it is `optional`. */
export function answered(members: Members, description?: string): Schema {
  return objectOf(members, true, description);
}

function objectOf(members: Members, usually: boolean, description?: string): Schema {
  const all = Object.entries(members).map(([name, one]) => [name, asMember(one, usually)] as const);
  const needed = all.filter(([, { isRequired }]) => isRequired).map(([name]) => name);
  return {
    type: 'object',
    ...described(description),
    properties: Object.fromEntries(all.map(([name, { schema }]) => [name, schema])),
    ...(needed.length > 0 && { required: needed }),
  };
}

function asMember(one: Schema | Member, usually: boolean): Member {
  return 'isRequired' in one ? one : { schema: one, isRequired: usually };
}

function described(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}

/** The same schema with a value that shows its form. */
export function like(example: Json, schema: Schema): Schema {
  return { ...schema, examples: [example] };
}

/** The same schema, of a member of which values of other types are not refused. `why`: what becomes of them. */
export function tolerant(why: string, schema: Schema): Schema {
  return { ...schema, 'x-cresset-other-types': why };
}

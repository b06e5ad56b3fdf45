import type { Schema, Type } from '../../src/http/openapi/schema.ts';

/** Whether a scalar may also be a template, as in messages. */
export interface TypeOptions {
  templates: boolean;
}

/** A schema as a TypeScript type. `indent`: the spaces before the lines after the first. */
export function typeOf(schema: Schema, options: TypeOptions, indent = ''): string {
  const { $ref, anyOf } = schema;
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1);
  if (anyOf !== undefined) return [...new Set(anyOf.map((one) => typeOf(one, options, indent)))].join(' | ');
  if (schema.enum !== undefined) {
    const words = schema.enum.map((word) => JSON.stringify(word));
    return [...words, ...(options.templates ? ['Template'] : [])].join(' | ');
  }
  if (schema.type === undefined) return 'unknown';
  const all = [schema.type].flat().map((type) => ofType(type, schema, options, indent));
  return [...new Set(all)].join(' | ');
}

function ofType(type: Type, schema: Schema, options: TypeOptions, indent: string): string {
  switch (type) {
    case 'object':
      return objectOf(schema, options, indent);
    case 'array':
      return `readonly (${typeOf(schema.items ?? {}, options, indent)})[]`;
    case 'integer':
    case 'number':
      return options.templates ? 'number | Template' : 'number';
    case 'boolean':
      return options.templates ? 'boolean | Template' : 'boolean';
    default:
      return type;
  }
}

function objectOf(
  { properties, required = [], additionalProperties }: Schema,
  options: TypeOptions,
  indent: string,
): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties ?? {}).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?';
    return `${comment(schema.description, inner)}${inner}${nameOf(name)}${mark}: ${typeOf(schema, options, inner)};\n`;
  });
  if (additionalProperties === undefined || additionalProperties === false)
    return lines.length === 0 ? 'Record<string, never>' : `{\n${lines.join('')}${indent}}`;
  // Named members must fit the index, whose values may be anything else.
  const isOpen = additionalProperties === true || lines.length > 0;
  const values = isOpen ? 'unknown' : typeOf(additionalProperties, options, inner);
  return `{\n${lines.join('')}${inner}[name: string]: ${values};\n${indent}}`;
}

function nameOf(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

export function comment(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${text.replaceAll('*/', '* /').replace(/\s*\n\s*/g, ' ')} */\n`;
}

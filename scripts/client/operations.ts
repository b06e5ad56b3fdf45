import type { Schema } from '../../src/http/openapi/schema.ts';
import { comment, typeOf } from './schema-type.ts';

/** What the generator reads of an OpenAPI document. */
export interface Document {
  paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  components: { schemas: Readonly<Record<string, Schema>> };
}
interface Described {
  summary: string;
  /** Only of operations for operators, who have no key. */
  'x-cresset-role'?: string | null;
  parameters: readonly { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { required: boolean; content: Readonly<Record<string, { schema: Schema }>> };
  responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Schema }>> }>>;
}

const LINES = 'application/x-ndjson';
const answers = { templates: false };

/** The text of src/client/operations.ts: the types of every operation for keys. */
export function clientOperations({ paths, components }: Document): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, one]) => one['x-cresset-role'] === undefined)
      .map(([method, one]) => ({ name: `${method.toUpperCase()} ${path}`, one })),
  );
  const named = (test: (one: Described) => boolean) =>
    all
      .filter(({ one }) => test(one))
      .map(({ name }) => `  ${JSON.stringify(name)},\n`)
      .join('');
  return [
    '// Generated from the OpenAPI document by `npm run pages`. Do not change it by hand.\n',
    '/** A text with a template, which may stand for a scalar of a message. */',
    `export type Template = \`\${string}{{\${string}\` | \`\${string}{%\${string}\`;\n`,
    ...Object.entries(components.schemas).map(sharedType),
    '/** Every operation, by its name. */',
    `export interface Operations {\n${all.map(({ name, one }) => operationType(name, one)).join('')}}\n`,
    `/** Operations that know the header \`Idempotency-Key\`. */`,
    `export const takesIdempotencyKey: ReadonlySet<string> = new Set([\n${named(knowsKey)}]);\n`,
    '/** Operations whose body is a JSON object on each line. */',
    `export const takesLines: ReadonlySet<string> = new Set([\n${named(({ requestBody }) => requestBody?.content[LINES] !== undefined)}]);\n`,
  ].join('\n');
}

/** Schemas of messages are the only shared ones whose scalars may be templates; see the introduction of the document. */
function sharedType([name, schema]: [string, Schema]): string {
  const templates = !/Error|^Audience$/.test(name);
  return `${comment(schema.description, '')}export type ${name} = ${typeOf(schema, { templates })};\n`;
}

function operationType(name: string, one: Described): string {
  const key = knowsKey(one) ? '    idempotencyKey: true;\n' : '';
  const { schema } =
    Object.entries(one.responses).find(([status]) => status < '300')?.[1].content?.['application/json'] ?? {};
  const answer = typeOf(schema ?? {}, answers, '    ');
  return `${comment(one.summary, '  ')}  ${JSON.stringify(name)}: {\n    input: ${inputType(one)};\n${key}    answer: ${answer};\n  };\n`;
}

function knowsKey({ parameters }: Described): boolean {
  return parameters.some((one) => one.in === 'header' && one.name === 'Idempotency-Key');
}

function inputType(one: Described): string {
  const parts = [parametersType('path', one), parametersType('query', one), bodyType(one)].filter(
    (part) => part !== null,
  );
  return parts.length === 0 ? 'Record<string, never>' : `{\n${parts.join('')}    }`;
}

function parametersType(place: string, { parameters }: Described): string | null {
  const own = parameters.filter((parameter) => parameter.in === place);
  if (own.length === 0) return null;
  const properties = Object.fromEntries(
    own.map(({ name, schema, description = schema.description }) => [
      name,
      { ...schema, ...(description && { description }) },
    ]),
  );
  const required = own.filter((parameter) => parameter.required === true).map(({ name }) => name);
  const mark = required.length === 0 ? '?' : '';
  return `      ${place}${mark}: ${typeOf({ type: 'object', properties, required }, answers, '      ')};\n`;
}

function bodyType({ requestBody }: Described): string | null {
  if (requestBody === undefined) return null;
  if (requestBody.content[LINES] !== undefined)
    return '      /** A JSON object on each line. */\n      body: string | Uint8Array;\n';
  const schema = requestBody.content['application/json']?.schema ?? {};
  const isEmpty = schema.type === 'object' && Object.keys(schema.properties ?? {}).length === 0;
  return `      body${requestBody.required && !isEmpty ? '' : '?'}: ${typeOf(schema, answers, '      ')};\n`;
}

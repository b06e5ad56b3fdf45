import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Schema } from '../../../src/http/openapi/schema.ts';
import type { Reply, TestApp } from '../app.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
  example?: unknown;
}

/** One operation, as the document has it. */
export interface ApiOperation {
  /** Such as `GET /dispatches/{dispatch_id}`. */
  name: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  parameters: Parameter[];
  body: Schema | null;
  example: Record<string, unknown> | null;
  /** The lines after the first, which is the example, and their type. null: the body is JSON. */
  lines: { type: string; more: string } | null;
  /** More bodies that work. */
  moreBodies: Record<string, unknown>[];
  /** Whether a request must have a body. */
  needsBody: boolean;
  statuses: number[];
  alwaysRefuses: boolean;
  /** The role that an operator needs. null: none. undefined: it is for keys. */
  role?: string | null;
}

export interface ApiDocument {
  raw: Document;
  /** Those for API keys. */
  operations: ApiOperation[];
  /** Those for operators. */
  ofOperators: ApiOperation[];
  /** A schema without the reference to a shared one. */
  resolved(schema: Schema): Schema;
  /** What an answer has that the document does not say. Empty: it is as documented. */
  problemsOf(operation: ApiOperation, reply: Reply): string[];
  /** What a body has that the document does not say. */
  problemsOfBody(operation: ApiOperation, body: unknown): string[];
}

interface Document {
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, object> };
}
interface RawOperation {
  'x-cresset-always-refuses'?: true;
  'x-cresset-role'?: string | null;
  parameters: Parameter[];
  requestBody?: {
    required: boolean;
    content: {
      'application/json'?: {
        schema: Schema;
        example?: object;
        examples?: Record<string, { value: Record<string, unknown> }>;
      };
      'application/x-ndjson'?: { example: string };
    };
  };
  responses: Record<string, { $ref?: string }>;
}

/** Reads the document as a client does. */
export async function readDocument(app: TestApp): Promise<ApiDocument> {
  const raw = (await app.get('/openapi.json', { key: null })).body as Document;
  const all = Object.entries(raw.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]): ApiOperation => {
      const content = one.requestBody?.content['application/json'];
      const [line, ...more] = one.requestBody?.content['application/x-ndjson']?.example.split('\n') ?? [];
      const first = line === undefined ? undefined : JSON.parse(line);
      return {
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase() as ApiOperation['method'],
        path,
        parameters: one.parameters,
        body: content?.schema ?? null,
        example: (content?.example as Record<string, unknown>) ?? content?.examples?.usual?.value ?? first ?? null,
        lines: line === undefined ? null : { type: 'application/x-ndjson', more: more.join('\n') },
        moreBodies: Object.entries(content?.examples ?? {}).flatMap(([name, { value }]) =>
          name === 'usual' ? [] : [value],
        ),
        needsBody: one.requestBody?.required ?? false,
        alwaysRefuses: one['x-cresset-always-refuses'] ?? false,
        statuses: Object.keys(one.responses).map(Number),
        ...(one['x-cresset-role'] !== undefined && { role: one['x-cresset-role'] }),
      };
    }),
  );
  const ajv = new Ajv2020({ strict: false, allErrors: true, allowUnionTypes: true });
  addFormats.default(ajv);
  // Answers hold nothing that is not documented; clients may rely on less.
  ajv.addSchema(closed(raw) as object, 'document');
  const check = (pointer: string, value: unknown) => {
    const validate = ajv.getSchema(`document#${pointer}`);
    if (validate === undefined) return [`the document has nothing at ${pointer}`];
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };
  const at = ({ path, method }: ApiOperation) => `/paths/${escaped(path)}/${method.toLowerCase()}`;
  return {
    raw,
    operations: all.filter(({ role }) => role === undefined),
    ofOperators: all.filter(({ role }) => role !== undefined),
    resolved(schema) {
      const name = schema.$ref?.split('/').at(-1);
      return name === undefined ? schema : (raw.components.schemas[name] ?? schema);
    },
    problemsOf(operation, { status, body }) {
      const response = raw.paths[operation.path]?.[operation.method.toLowerCase()]?.responses[status];
      if (response === undefined) return [`the status ${status} is not documented`];
      const where = response.$ref?.slice(1) ?? `${at(operation)}/responses/${status}`;
      return check(`${where}/content/application~1json/schema`, body);
    },
    problemsOfBody: (operation, body) => check(`${at(operation)}/requestBody/content/application~1json/schema`, body),
  };
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** A copy in which no object has members beyond those that are named. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  const isOpen = copy.type === 'object' || (Array.isArray(copy.type) && copy.type.includes('object'));
  return isOpen && copy.properties !== undefined && copy.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}

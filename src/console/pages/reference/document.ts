import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../../lib/api.ts';

/** What of JSON Schema the document uses. */
export interface Schema {
  type?: string | readonly string[];
  description?: string;
  format?: string;
  pattern?: string;
  enum?: readonly unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: boolean | Schema;
  anyOf?: readonly Schema[];
  $ref?: string;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
  example?: unknown;
}

interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Readonly<Record<string, { value: unknown }>>;
}

interface Response {
  description?: string;
  content?: Readonly<Record<string, Content>>;
  $ref?: string;
}

interface RawOperation {
  summary: string;
  description?: string;
  tags: readonly string[];
  parameters?: readonly Parameter[];
  requestBody?: { required?: boolean; content: Readonly<Record<string, Content>> };
  responses: Readonly<Record<string, Response>>;
  'x-cresset-permission'?: string | null;
  'x-cresset-role'?: string | null;
  'x-cresset-rate'?: { bucket: string; limit: number; window_seconds: number };
}

interface RawDocument {
  info: { title: string; version: string; description: string };
  tags: readonly { name: string; description: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  components: {
    schemas: Readonly<Record<string, Schema>>;
    responses: Readonly<Record<string, Response>>;
  };
}

/** One endpoint. */
export interface Operation extends RawOperation {
  /** Such as `POST /messages/send`; it stands in the URL. */
  name: string;
  method: string;
  path: string;
}

export interface Reference {
  raw: RawDocument;
  operations: ReadonlyMap<string, Operation>;
  /** Operations by group, in the order of the document. */
  groups: readonly { name: string; description: string; operations: readonly Operation[] }[];
}

/** The document of this very server. It does not change while the page is open. */
export function useReference() {
  return useQuery({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => load(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function load(signal: AbortSignal): Promise<Reference> {
  const response = await fetch(new URL('openapi.json', document.baseURI), { signal });
  if (!response.ok)
    throw new ApiError(`The server answers ${response.status}`, {
      ...{ status: response.status, errors: [], requestId: null, retryAfterS: null },
    });
  const raw = (await response.json()) as RawDocument;
  const all = Object.entries(raw.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const verb = method.toUpperCase();
      return { ...operation, name: `${verb} ${path}`, method: verb, path };
    }),
  );
  const groups = raw.tags.map(({ name, description }) => ({
    ...{ name, description },
    operations: all.filter(({ tags }) => tags.includes(name)),
  }));
  return { raw, operations: new Map(all.map((one) => [one.name, one])), groups };
}

const MIRROR = '/operator/v1';

/** The call of operators that does the same, for which a session is enough. null: only a key opens it. */
export function mirrorOf({ method, path }: Operation, { operations }: Reference): string | null {
  if (path.startsWith(MIRROR)) return path;
  return operations.has(`${method} ${MIRROR}${path}`) ? `${MIRROR}${path}` : null;
}

/** The schema itself, and the name under which the document has it. */
export function resolved(schema: Schema, { raw }: Reference): { schema: Schema; name: string | null } {
  const name = schema.$ref?.split('/').at(-1);
  if (name === undefined) return { schema, name: null };
  return { schema: raw.components.schemas[name] ?? {}, name };
}

/** The schema of an answer. null: it has none. */
export function answerOf(response: Response, { raw }: Reference): { description: string; schema: Schema | null } {
  const whole =
    response.$ref === undefined ? response : (raw.components.responses[response.$ref.split('/').at(-1) ?? ''] ?? {});
  return { description: whole.description ?? '', schema: whole.content?.['application/json']?.schema ?? null };
}

export interface Body {
  type: string;
  schema: Schema;
  /** Bodies that work, as texts, by name. */
  examples: readonly (readonly [name: string, text: string])[];
}

/** The body that an operation reads. null: none. */
export function bodyOf({ requestBody }: Operation): Body | null {
  const [entry] = Object.entries(requestBody?.content ?? {});
  if (entry === undefined) return null;
  const [type, { schema = {}, example, examples }] = entry;
  const given = Object.entries(examples ?? {}).map(([name, { value }]) => [name, textOf(value)] as const);
  return {
    type,
    schema,
    examples: given.length > 0 ? given : [['usual', example === undefined ? '{}' : textOf(example)]],
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

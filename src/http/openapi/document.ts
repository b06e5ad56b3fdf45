import { version } from '../../lib/project/version.ts';
import { defaultBucket, type Route } from '../route.ts';
import { errorResponses, errorSchemas, refusalsOf, refusalsOfOperators } from './components.ts';
import { type Example, type Operation, type Operations, type Parameter, tags } from './operation.ts';
import type { Schema } from './schema.ts';

/** The name of a route in `Operations`, such as `POST /messages/send`. */
export function nameOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

/** What the document needs to know of an endpoint for operators. `role`: null for one that needs no session. */
export interface OperatorEndpoint {
  method: Route['method'];
  path: string;
  role: string | null;
  query?: readonly string[];
}

export interface Described {
  routes: readonly Route[];
  /** Endpoints that want the cookie of a session instead of a key. */
  operatorRoutes?: readonly OperatorEndpoint[];
  operations: Operations;
  /** Schemas that operations refer to, by name. */
  schemas: Readonly<Record<string, Schema>>;
}

/**
 * The OpenAPI 3.1 document of these routes. Permission, rate and idempotency are those of the route. A route without an
 * operation is left out; test/openapi.test.ts names it.
 */
export function openApiDocument({ routes, operatorRoutes = [], operations, schemas }: Described): object {
  const paths: Record<string, Record<string, object>> = {};
  const add = (route: Pick<Route, 'method' | 'path'>, described: object) => {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: described };
  };
  for (const route of routes) {
    const operation = operations[nameOf(route)];
    if (operation !== undefined) add(route, describeOperation(route, operation));
  }
  for (const route of operatorRoutes) {
    const operation = operations[nameOf(route)];
    if (operation !== undefined) add(route, describeOperatorOperation(route, operation));
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Cresset',
      version,
      description: introduction,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The server that this document comes from.' }],
    security: [{ ApiKey: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        ApiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer …`.' },
        OperatorSession: {
          ...{ type: 'apiKey', in: 'cookie', name: 'cresset_session' },
          description: 'The session of an operator, from `POST /operator/v1/sign-in`.',
        },
      },
      headers,
      schemas: { ...errorSchemas, ...schemas },
      responses: errorResponses,
    },
  };
}

const introduction = [
  'Cresset speaks the API of Braze. Every answer is JSON and has a `message`: `success`, or what is wrong.',
  'Requests are read leniently: a member that is `null` counts as absent, and in most places a scalar may come as its text (`"5"`, `"true"`). The schemas give the usual form.',
  'A text of a message may be a template; so may a scalar of a message, such as `"{{custom_attribute.${badge}}}"` for a number.',
  'Members that are not known are ignored unless the description says that they are refused. `/messages/send` and its neighbours warn of them in `cresset.warnings`.',
].join('\n\n');

const headers = {
  RequestId: { description: 'The id of the request in the log.', schema: { type: 'string', format: 'uuid' } },
  RateLimit: { description: 'The limit of the rate that was counted.', schema: { type: 'string' } },
  RateRemaining: { description: 'Requests that are left in this window.', schema: { type: 'string' } },
  RateReset: { description: 'When the window ends, in seconds since 1970.', schema: { type: 'string' } },
};

function describeOperation(route: Route, operation: Operation): object {
  const rate = route.bucket?.({}) ?? defaultBucket;
  return {
    ...aboutOf(route, operation, factsOf(route)),
    ...(operation.alwaysRefuses && { 'x-cresset-always-refuses': true }),
    'x-cresset-permission': route.permission,
    'x-cresset-rate': { bucket: rate.name, limit: rate.limit, window_seconds: rate.windowMs / 1_000 },
    parameters: [...parametersOf(operation), ...(route.knowsIdempotencyKey ? [idempotencyKey] : [])],
    ...bodyOf(route, operation),
    responses: {
      ...successOf(operation, {
        'x-ratelimit-limit': { $ref: '#/components/headers/RateLimit' },
        'x-ratelimit-remaining': { $ref: '#/components/headers/RateRemaining' },
        'x-ratelimit-reset': { $ref: '#/components/headers/RateReset' },
      }),
      ...refusalsOf(operation),
    },
  };
}

const consoleHeader = {
  ...{ name: 'X-Cresset-Console', in: 'header', required: true, schema: { type: 'string' }, example: '1' },
  description: 'Any value. A page of another site cannot send it.',
};

function describeOperatorOperation(route: OperatorEndpoint, operation: Operation): object {
  const who =
    route.role === null ? 'Nobody needs to be signed in.' : `For operators with the role \`${route.role}\` or more.`;
  return {
    ...aboutOf(route, operation, [who]),
    security: route.role === null ? [] : [{ OperatorSession: [] }],
    'x-cresset-role': route.role,
    parameters: [...parametersOf(operation), ...(route.method === 'GET' ? [] : [consoleHeader])],
    ...bodyOf(route, operation),
    responses: { ...successOf(operation, {}), ...refusalsOfOperators(operation) },
  };
}

function aboutOf(
  route: Pick<Route, 'method' | 'path'>,
  { summary, description, tag }: Operation,
  facts: readonly string[],
): object {
  return {
    operationId: idOf(route),
    summary,
    description: [...(description === undefined ? [] : [description]), ...facts].join('\n\n'),
    tags: [tag],
  };
}

function parametersOf({ params, query, example }: Operation): object[] {
  return [
    ...Object.entries(params ?? {}).map(([name, schema]) => ({
      ...{ name, in: 'path', required: true, schema },
      example: example.params?.[name],
    })),
    ...Object.entries(query ?? {}).map((entry) => queryParameter(entry, example)),
  ];
}

/** Of a list in one text, a schema says little; the description says what the lines are. */
function linesOf(type: string, { lines = [] }: Operation): object {
  const schema = { type: 'string', description: 'A JSON object on each line.' };
  const example = lines.map((line) => JSON.stringify(line)).join('\n');
  return { requestBody: { required: true, content: { [type]: { schema, example } } } };
}

function bodyOf({ method, streams }: Pick<Route, 'method' | 'streams'>, operation: Operation): object {
  const { body, example } = operation;
  if (streams !== undefined) return linesOf(streams, operation);
  if (body === undefined) return {};
  return {
    requestBody: {
      required: method !== 'DELETE' || example.body !== undefined,
      content: { 'application/json': { schema: body, ...bodyExamples(operation) } },
    },
  };
}

function successOf({ answer }: Operation, ofRate: object): object {
  return {
    [answer.status]: {
      description: 'Done.',
      headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' }, ...ofRate },
      content: { [answer.type ?? 'application/json']: { schema: answer.schema } },
    },
  };
}

function bodyExamples({ example: { body }, moreBodies }: Operation): object {
  if (moreBodies === undefined) return body === undefined ? {} : { example: body };
  const all = Object.entries({ usual: body, ...moreBodies });
  return { examples: Object.fromEntries(all.map(([name, value]) => [name, { value }])) };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Stands for this request for 24 hours: a repetition gets the first answer.',
  schema: { type: 'string', maxLength: 255 },
};

/** `POST /dispatches/:dispatch_id/cancel` is `postDispatchesDispatchIdCancel`. */
function idOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  const words = path.split(/[^a-zA-Z0-9]+/).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function queryParameter([name, { schema, isRequired }]: [string, Parameter], { query }: Example): object {
  const { description, ...type } = schema;
  // A list is repeated: `email[]=a&email[]=b`.
  const isList = type.type === 'array';
  return {
    ...{ name, in: 'query', ...(description && { description }), schema: type },
    ...(isRequired && { required: true }),
    ...(isList && { style: 'form', explode: true }),
    ...(query?.[name] !== undefined && { example: isList ? [query[name]] : typed(query[name], type) }),
  };
}

/** A value of a query as JSON of the parameter's type. */
function typed(value: string, { type }: Schema): unknown {
  if (type === 'integer') return Number(value);
  return type === 'boolean' ? value === 'true' : value;
}

function factsOf(route: Route): string[] {
  const { permission, bucket, knowsIdempotencyKey, insteadOfIdempotencyKey, bodyDepth } = route;
  const { limit, windowMs, narrower } = bucket?.({}) ?? defaultBucket;
  const window = windowMs % 60_000 === 0 ? `${windowMs / 60_000} min` : `${windowMs / 1_000} s`;
  return [
    permission === null ? 'Every key may call it.' : `Permission \`${permission}\`.`,
    `At most ${limit.toLocaleString('en')} requests in ${window} for each workspace${narrower || bucket?.length ? '; some requests count in a narrower window, too' : ''}.`,
    ...(knowsIdempotencyKey ? ['It knows the header `Idempotency-Key`.'] : []),
    ...(insteadOfIdempotencyKey
      ? [`\`${insteadOfIdempotencyKey}\` is what the header \`Idempotency-Key\` is elsewhere.`]
      : []),
    ...(bodyDepth === undefined ? [] : [`The body may have ${bodyDepth} levels.`]),
  ];
}

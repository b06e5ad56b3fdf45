import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { levelOf } from '../db/trouble.ts';
import { withoutOldCredentials } from '../dispatch/accept/old-credentials.ts';
import { errorCodes, RequestError } from '../errors.ts';
import type { RawObject } from '../lib/raw/json.ts';
import { dashedV7 } from '../lib/uuid.ts';
import type { Meters } from '../metrics/meters.ts';
import { noTraces, type Span, type Traces } from '../traces/traces.ts';
import type { ApiKey, Catalog, WorkspaceCatalog } from '../workspace/catalog.ts';
import { failureOf } from './answers.ts';
import { checkPermission, keyOfBody, keyOfHeader } from './auth.ts';
import { parseBody } from './body/body.ts';
import { isStreaming, streamOf } from './body/body-stream.ts';
import { isGzip, refuseEncoding } from './body/encodings.ts';
import { gunzipped } from './body/gunzipped.ts';
import { dropUnreadBody } from './body/unread-body.ts';
import { closeWhenStopping } from './close-when-stopping.ts';
import { refuseOtherHosts } from './local-hosts.ts';
import { noteArrival } from './measured/arrivals.ts';
import { countAnswers } from './measured/count-answers.ts';
import { traced } from './measured/traced.ts';
import { Methods, methodNotAllowed } from './methods.ts';
import type { OperatorAccess, OperatorRoute } from './operator/route.ts';
import { addOperatorRoute } from './operator/serve.ts';
import type { Page } from './page.ts';
import { checkEscapes, checkQuery } from './query.ts';
import { createRate, noRate, type RateOptions } from './rate/rate.ts';
import { chargeRequest } from './rate/request-quota.ts';
import { queryOf, rawBodyOf, sendJson } from './requests.ts';
import { type Answer, defaultBucket, type RateBucket, type Route, type RouteRequest } from './route.ts';
import { unknownPath } from './unknown-path.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The key in its header, once that has been checked. null: it has none, or the route asks for none. */
    apiKey: ApiKey | null;
    /** When it came, by the clock of `performance`. null: nobody asks for that. */
    arrivedAtMs: number | null;
  }
}

export interface ServerOptions extends RateOptions {
  routes: readonly Route[];
  pages: readonly Page[];
  /** The calls of the console. Absent: there are none. */
  operator?: { routes: readonly OperatorRoute[]; access: OperatorAccess };
  /** Another path for a request, such as that of the console for a path that its client reads. */
  rewriteUrl?: (request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>) => string;
  catalog: () => Catalog;
  log: Logger;
  /** Largest body, in bytes. */
  bodyLimitBytes: number;
  /** Number of proxies in front of this server that are trusted to report the client's address. */
  trustedProxyHops: number;
  /** Whether only requests for `localhost` are answered. Default: the `Host` header may hold anything. */
  onlyLocalHosts?: boolean;
  /** Counts the answers. Absent: nobody does. */
  meters?: Meters;
  /** Default: nothing is traced. */
  traces?: Traces;
  /** Called with the key of every request. */
  onKeyUsed?: (key: ApiKey) => void;
  /** Called with the key of every request that is answered 429, the endpoint, and the refusal. */
  onRefused?: (key: ApiKey, endpoint: string, refusal: RequestError) => void;
}

/** Time in which a request must arrive, headers and body. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Interval at which Node.js looks for requests that are over their time. */
const CHECK_CONNECTIONS_MS = 5_000;
/** Most characters in one part of a path. A longer path is answered with 404. */
const LONGEST_PARAMETER = 512;
/** Largest body of a page, in bytes, unless the page says otherwise. Forms are small. */
const PAGE_BODY_LIMIT_BYTES = 4_096;

/** Builds the HTTP server. It checks method, path, key, address, permission, body and rate, and answers in JSON. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const server = Fastify({
    bodyLimit: options.bodyLimitBytes,
    trustProxy: (_address, hop) => hop < options.trustedProxyHops,
    // It begins with its time, so a request is found by its id without an index of ids.
    genReqId: () => dashedV7(new Date()),
    exposeHeadRoutes: false,
    ...(options.rewriteUrl && { rewriteUrl: options.rewriteUrl }),
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => fail(reply, error, options.log),
    clientErrorHandler: refuseMalformedHttp,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { connectionsCheckingInterval: CHECK_CONNECTIONS_MS },
    routerOptions: { maxParamLength: LONGEST_PARAMETER, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
  });
  server.decorateRequest('apiKey', null);
  server.decorateRequest('arrivedAtMs', null);
  server.removeAllContentTypeParsers();
  // What nearly all say is named too: Fastify takes every other type apart for each request.
  server.addContentTypeParser(['application/json', '*'], { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  server.setErrorHandler((error, _request, reply) => fail(reply, error, options.log));
  if (options.onlyLocalHosts) refuseOtherHosts(server);
  if (options.meters) countAnswers(server, options.meters, options.routes);
  const { operator } = options;
  const methods = new Methods([...options.routes, ...options.pages, ...(operator?.routes ?? [])]);
  const paths = options.routes.map(({ path }) => path);
  // Refuses before the body is read, so that a caller without a key cannot fill the memory.
  server.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const taken = methods.of(request.url);
    if (taken !== null) {
      reply.header('allow', taken.join(', '));
      throw methodNotAllowed(taken);
    }
    // A server without endpoints has no keys to ask for.
    if (options.routes.length > 0) keyOfHeader(options.catalog(), request);
    throw unknownPath(request.url, paths);
  });
  server.setNotFoundHandler((request, reply) => fail(reply, unknownPath(request.url, paths), options.log));
  for (const route of options.routes) if (route.streams === undefined) addRoute(server, route, options);
  addStreamingRoutes(server, options);
  for (const page of options.pages) addPage(server, page);
  for (const route of operator?.routes ?? []) if (operator) addOperatorRoute(server, route, operator.access);
  refuseMistaken(server, methods);
  closeWhenStopping(server);
  return server;
}

/** Bodies that are read as they come have a parser of their own, which reads nothing. */
function addStreamingRoutes(server: FastifyInstance, options: ServerOptions): void {
  server.register((own, _options, done) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser('*', (_request, _body, parsed) => parsed(null, undefined));
    for (const route of options.routes) if (route.streams !== undefined) addRoute(own, route, options);
    done();
  });
}

function addRoute(server: FastifyInstance, route: Route, options: ServerOptions): void {
  const admit = (key: ApiKey) => {
    if (route.permission !== null) checkPermission(key, route.permission);
    options.onKeyUsed?.(key);
    return key;
  };
  const bodyLimit = route.formLimitBytes ?? route.bodyLimitBytes ?? options.bodyLimitBytes;
  server.route({
    method: route.method,
    url: route.path,
    bodyLimit,
    onRequest: (request, reply, done) => {
      if (route.countsItself || route.isTraced) noteArrival(request);
      const mayBeInBody = route.method === 'POST' && options.catalog().takesKeysInBodies();
      if (request.headers.authorization !== undefined || !mayBeInBody)
        request.apiKey = admit(keyOfHeader(options.catalog(), request));
      refuseEncoding(request, reply, { takesGzip: route.streams !== undefined });
      holdBody(route, bodyLimit, request, reply);
      done();
    },
    handler: async (request, reply) => {
      const key = request.apiKey;
      if (key !== null) return send(reply, await answerOrRefuse(route, { request, reply, key }, options));
      const found = admit(keyOfBody(options.catalog(), bodyOrNothing(request), request));
      return send(reply, await answerOrRefuse(route, { request, reply, key: found, isKeyInBody: true }, options));
    },
  });
}

/** The body of a request whose key is not known yet. What cannot be read holds no key. */
function bodyOrNothing(request: FastifyRequest): RawObject {
  try {
    return parseBody(rawBodyOf(request));
  } catch (error) {
    if (error instanceof RequestError) return {};
    throw error;
  }
}

interface Call {
  request: FastifyRequest;
  reply: FastifyReply;
  key: ApiKey;
  /** The key came in the body, which the route must not see. */
  isKeyInBody?: true;
}

async function answerOrRefuse(route: Route, call: Call, options: ServerOptions): Promise<Answer> {
  try {
    const traces = options.traces ?? noTraces;
    return await traced(route, call.request, traces, (span) => answer(route, call, span, options));
  } catch (error) {
    if (error instanceof RequestError && errorCodes[error.code].status === 429)
      options.onRefused?.(call.key, `${route.method} ${route.path}`, error);
    throw error;
  }
}

async function answer(
  route: Route,
  { request, reply, key, isKeyInBody }: Call,
  span: Span | null,
  options: ServerOptions,
): Promise<Answer> {
  const rawBody = rawBodyOf(request);
  const { bodyLimitBytes = Number.POSITIVE_INFINITY } = route;
  const isForm = route.takesForms === true && /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
  if (route.streams !== undefined) checkStreamed(request, route.streams);
  else if (mayHaveBody(route, rawBody) && !isForm)
    checkContentType(request, options.catalog().workspace(key.workspaceId));
  // What is wrong can be asked when a quota is used up, too.
  const quota = route.permission === 'status.read' ? null : chargeRequest(options, key.workspaceId, reply);
  if (quota !== null) await quota;
  const query = queryOf(request);
  const rateOf = (bucket: RateBucket) => createRate(options, key.workspaceId, bucket, reply);
  let body: RawObject = {};
  try {
    if (!isForm && rawBody.length > bodyLimitBytes) throw bodyTooLarge(bodyLimitBytes, rawBody.length);
    checkEscapes(request.url);
    checkQuery(query, route.query ?? []);
    if (route.method !== 'GET') refuseIdempotencyKey(route, request);
    if (route.streams === undefined && mayHaveBody(route, rawBody) && !isForm) {
      const parsed = parseBody(rawBody, route.bodyDepth);
      body = isKeyInBody ? withoutOldCredentials(parsed) : parsed;
    }
  } catch (error) {
    await rateOf(defaultBucket).charge();
    throw error;
  }
  const rate = rateOf(route.bucket?.(body) ?? defaultBucket);
  const routeRequest: RouteRequest = {
    workspaceId: key.workspaceId,
    apiKey: { id: key.id, name: key.name },
    requestId: request.id,
    body,
    rawBody,
    stream: route.streams === undefined ? null : bodyStream(request),
    params: request.params as Record<string, string>,
    query,
    headers: request.headers,
    rate,
    span,
  };
  const replaying = route.replay?.(routeRequest);
  const replayed = replaying ? await replaying : null;
  if (replayed !== null) return replayed;
  if (!route.countsItself) await rate.charge();
  try {
    return await route.handle(routeRequest);
  } finally {
    await rate.charge();
  }
}

/** Whether the body is read. A DELETE may come without one. */
function mayHaveBody({ method }: Route, rawBody: Buffer): boolean {
  return method === 'DELETE' ? rawBody.length > 0 : method !== 'GET';
}

function checkContentType({ headers }: FastifyRequest, workspace: WorkspaceCatalog | undefined): void {
  if (workspace?.settings.requests.strictContentType !== true) return;
  if (/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) return;
  throw new RequestError('wrong_content_type', ['expected the header "Content-Type: application/json"']);
}

/** A body of lines that is sent as something else was probably meant for another endpoint. */
function checkStreamed({ headers }: FastifyRequest, type: string): void {
  const [given = ''] = (headers['content-type'] ?? '').split(';');
  if (given.trim().toLowerCase() !== type)
    throw new RequestError('wrong_content_type', [`expected the header "Content-Type: ${type}"`]);
}

function bodyStream(request: FastifyRequest): AsyncIterable<Buffer> {
  const bytes = streamOf(request.raw);
  return isGzip(request) ? gunzipped(bytes) : bytes;
}

/** A header that is ignored would promise what is not kept: the repetition would be applied twice. */
function refuseIdempotencyKey(route: Route, { headers }: FastifyRequest): void {
  if (route.knowsIdempotencyKey || headers['idempotency-key'] === undefined) return;
  const { insteadOfIdempotencyKey: member } = route;
  if (member !== undefined)
    throw new RequestError('bad_request', [`Idempotency-Key: ${route.path} has ${member} in its body instead`]);
  const problem = `Idempotency-Key: ${route.path} does not know this header; remove it. Only the endpoints that send keep its promise`;
  throw new RequestError('bad_request', [problem]);
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (!reply.hasHeader('x-ratelimit-limit')) reply.headers(noRate);
  return sendJson(reply, answer);
}

function fail(reply: FastifyReply, error: unknown, log: Logger): FastifyReply {
  const failure = failureOf(isTooLarge(error) ? tooLarge(reply) : error);
  // A state of the server is logged once, where it begins. A line per request could fill a disk.
  const level = isState(error) ? 'debug' : 'error';
  if (failure.status >= 500) log[level]({ err: error, request_id: reply.request.id }, 'request failed');
  dropUnreadBody(reply.request, reply);
  return send(reply, failure);
}

function isTooLarge(error: unknown): boolean {
  return Object(error).code === 'FST_ERR_CTP_BODY_TOO_LARGE';
}

/** Names the limit and, where the operator can raise it, its variable. Pages have limits of their own. */
function tooLarge({ request, server }: FastifyReply): RequestError {
  const { bodyLimit = server.initialConfig.bodyLimit } = request.routeOptions;
  const variable = bodyLimit === server.initialConfig.bodyLimit ? ' (CRESSET_BODY_LIMIT)' : '';
  return bodyTooLarge(Number(bodyLimit), request.headers['content-length'] ?? 'more', variable);
}

function bodyTooLarge(limit: number, got: number | string, variable = ''): RequestError {
  return new RequestError('body_too_large', [`body: expected at most ${limit} bytes${variable}, got ${got}`]);
}

function isState(error: unknown): boolean {
  return (error instanceof RequestError && error.code === 'queue_full') || levelOf(error) === 'debug';
}

/** When a caller for whose body there is no room should come again, in seconds. */
const COME_AGAIN_S = 5;

/** Takes room for a body before it is read, until the answer is sent or the connection is gone. */
function holdBody({ bodies }: Pick<Page, 'bodies'>, limit: number, request: FastifyRequest, reply: FastifyReply): void {
  if (bodies === undefined) return;
  const declared = Number(request.headers['content-length'] ?? limit);
  const release = bodies.take(Math.min(Number.isNaN(declared) ? limit : declared, limit));
  if (release === null) throw new RequestError('queue_full', ['too many bodies at once; send it again'], COME_AGAIN_S);
  reply.raw.once('close', release);
}

function addPage(server: FastifyInstance, page: Page): void {
  const bodyLimit = page.bodyLimitBytes ?? PAGE_BODY_LIMIT_BYTES;
  server.route({
    method: page.method,
    url: page.path,
    bodyLimit,
    onRequest: async (request, reply) => {
      const { headers } = page;
      const given = { headers: request.headers, query: queryOf(request) };
      reply.headers({ ...(typeof headers === 'function' ? headers(given) : headers) });
      refuseEncoding(request, reply);
      holdBody(page, bodyLimit, request, reply);
    },
    handler: async (request, reply) => {
      const { status, type, body, headers } = await page.handle({
        params: request.params as Record<string, string>,
        query: queryOf(request),
        rawUrl: request.url,
        headers: request.headers,
        rawBody: rawBodyOf(request),
        address: request.ip,
      });
      reply.headers({ 'content-type': type, 'x-request-id': request.id, ...headers });
      return reply.code(status).send(body);
    },
  });
}

/** Where another path of the same form takes the method, Fastify would not say that there is none. */
function refuseMistaken(server: FastifyInstance, methods: Methods): void {
  for (const { path, methods: others, taken } of methods.mistaken())
    server.route({
      method: others,
      url: path,
      onRequest: async (_request, reply) => {
        reply.header('allow', taken.join(', '));
        throw methodNotAllowed(taken);
      },
      handler: async () => undefined,
    });
}

/** Answers a request that is not HTTP with a 400. */
function refuseMalformedHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  // A long body that is read as it comes has limits of its own.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isStreaming(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = failureOf(new RequestError('bad_request', ['the request is not well-formed HTTP']));
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
  // Our side closes the socket, because the other side may never do so and would be read for ever.
  socket.destroySoon();
}

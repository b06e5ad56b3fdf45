import {
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import { didYouMean, nearest } from '../lib/raw/did-you-mean.ts';
import type { Fault } from './cresset.ts';

const ENDPOINT = /^(?:([A-Z]{3,7}) )?(\/[^\s?#]*)$/;
const MOST_TIMES = 1_000_000;

/** A fault whose parts are checked. */
interface Planned {
  method: string | null;
  path: string;
  status: number;
  headers: Record<string, string>;
  body: string;
  left: number;
}

/** An endpoint of a server, whose path is a pattern as the router takes it. `*` at its end: any rest. */
interface Endpoint {
  method: string;
  path: string;
}

/** The endpoints that a fault may be about. */
export interface Endpoints {
  routes: readonly Endpoint[];
  pages: readonly Endpoint[];
  operatorRoutes: readonly Endpoint[];
}

/** The faults that a double still owes. */
export class Faults {
  readonly #planned: Planned[] = [];

  /** Throws TypeError with what is wrong. */
  add(fault: Fault, { routes, pages, operatorRoutes }: Endpoints): void {
    const planned = read(fault);
    checkEndpoint(planned, [...routes, ...pages, ...operatorRoutes]);
    this.#planned.push(planned);
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** The fault that this request gets, which is then used up. null: none. */
  take(method: string, url: string): Planned | null {
    const path = withoutSlash(url.split('?', 1)[0] ?? '/');
    const index = this.#planned.findIndex((one) => one.path === path && (one.method ?? method) === method);
    const found = this.#planned[index];
    if (found === undefined) return null;
    found.left -= 1;
    if (found.left === 0) this.#planned.splice(index, 1);
    return found;
  }
}

/** A fault of an endpoint that the server does not have would never be answered. */
function checkEndpoint({ method, path }: Planned, endpoints: readonly Endpoint[]): void {
  const there = endpoints.filter((one) => isPathOf(one.path, path));
  if (there.length === 0) {
    const meant = nearest(path, [...new Set(endpoints.map((one) => one.path))]);
    throw new TypeError(`endpoint: the server has no ${path}${didYouMean(meant)}`);
  }
  const methods = [...new Set(there.map((one) => one.method))];
  if (method !== null && !methods.includes(method))
    throw new TypeError(`endpoint: ${path} takes ${methods.join(', ')}, got ${method}`);
}

function isPathOf(pattern: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  const rest = wanted.at(-1) === '*' ? wanted.length - 1 : null;
  if (rest === null ? parts.length !== wanted.length : parts.length <= rest) return false;
  return wanted.slice(0, rest ?? undefined).every((part, index) => fits(part, parts[index] ?? ''));
}

/** `wanted`: a word, `:name` for any, or `:name(…)` for what fits an expression. */
function fits(wanted: string, part: string): boolean {
  const [, name, expression] = /^:(\w+)(?:\((.*)\))?$/.exec(wanted) ?? [];
  if (name === undefined) return part === wanted;
  return expression === undefined ? part !== '' : new RegExp(expression).test(part);
}

function withoutSlash(path: string): string {
  return path.replace(/(.)\/$/, '$1');
}

/** Answers with the fault once the body has come, as the server does. */
export function answerWith(fault: Planned, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.once('end', () => response.writeHead(fault.status, fault.headers).end(fault.body));
}

function read({ endpoint, status, headers = {}, body, times = 1 }: Fault): Planned {
  const [, method = null, path] = ENDPOINT.exec(endpoint) ?? [];
  if (path === undefined)
    throw new TypeError(`endpoint: expected a path such as /users/track, got ${quoted(endpoint)}`);
  const isFinal = Number.isInteger(status) && status >= 200 && status <= 599;
  if (!isFinal) throw new TypeError(`status: expected a whole number from 200 to 599, got ${quoted(status)}`);
  if (!Number.isInteger(times) || times < 1 || times > MOST_TIMES)
    throw new TypeError(`times: expected a whole number from 1 to ${MOST_TIMES}, got ${quoted(times)}`);
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  }
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  const text = isText ? body : JSON.stringify(body ?? { message: STATUS_CODES[status] ?? 'error' });
  return {
    method,
    path: withoutSlash(path),
    status,
    headers: { 'content-type': type, ...headers },
    body: text,
    left: times,
  };
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

import {
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
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

/** The faults that a double still owes. */
export class Faults {
  readonly #planned: Planned[] = [];

  /** Throws TypeError with what is wrong. */
  add(fault: Fault): void {
    this.#planned.push(read(fault));
  }

  clear(): void {
    this.#planned.length = 0;
  }

  /** The fault that this request gets, which is then used up. null: none. */
  take(method: string, url: string): Planned | null {
    const path = url.split('?', 1)[0]?.replace(/(.)\/$/, '$1');
    const index = this.#planned.findIndex((one) => one.path === path && (one.method ?? method) === method);
    const found = this.#planned[index];
    if (found === undefined) return null;
    found.left -= 1;
    if (found.left === 0) this.#planned.splice(index, 1);
    return found;
  }
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
  return { method, path, status, headers: { 'content-type': type, ...headers }, body: text, left: times };
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

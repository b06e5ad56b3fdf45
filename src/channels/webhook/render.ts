import { isDeeperThan } from '../../lib/raw/json-depth.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import { requireText } from '../fields.ts';
import { hasHeader, valueProblem, withOurs } from './headers.ts';
import type { RenderedWebhook } from './rendered.ts';
import { type Method, methods, type WebhookMessage } from './schema.ts';

/** Reading four million brackets takes seconds. A body that is deeper counts as plain text. */
const MAX_JSON_DEPTH = 1_000;

export function renderWebhook(message: WebhookMessage): RenderedWebhook {
  const method = readMethod(message.request_method);
  const url = requireText('url', message.url).trim();
  const headers = readHeaders(message.request_headers ?? {});
  const body = method === 'GET' || message.body === undefined ? null : serialised(message.body);
  // A body is only looked at if its caller does not say what it is.
  const isTyped = body === null || hasHeader(headers, 'content-type');
  return { method, url, headers: isTyped ? headers : withOurs(headers, { 'Content-Type': typeOf(body) }), body };
}

/** JSON is serialised after its texts are rendered, so that a quote in a value cannot break it. */
function serialised(body: string | object): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function readMethod(text: string): Method {
  const method = methods.find((known) => known === text.trim().toUpperCase());
  if (method === undefined)
    throw new RenderStop('aborted', `request_method: expected one of ${methods.join(', ')} after rendering`);
  return method;
}

function readHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => {
    if (plain.test(value)) return [name, value];
    const problem = valueProblem(value);
    if (problem !== null) throw new RenderStop('aborted', `request_headers.${name}: ${problem}, after rendering`);
    // A header is bytes, so characters beyond ASCII are sent as UTF-8.
    return [name, Buffer.from(value, 'utf8').toString('latin1')];
  });
  return Object.fromEntries(entries);
}

/** Values that are their own bytes, as nearly all are. */
const plain = /^[\t\x20-\x7e]*$/;

/** The content type that a body seems to have, when the caller gives none. Source: messaging-objects.md §9.1. */
function typeOf(body: string): string {
  if (isJsonContainer(body)) return 'application/json';
  return isForm(body) ? 'application/x-www-form-urlencoded' : 'text/plain; charset=utf-8';
}

/** Whether the text is `a=1&b=2`: pairs with names that hold no blanks. */
function isForm(text: string): boolean {
  return text.split('&').every((pair) => /^[^=\s]+=/.test(pair));
}

function isJsonContainer(text: string): boolean {
  if (!/^\s*[[{]/.test(text) || isDeeperThan(MAX_JSON_DEPTH, text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // it only begins like JSON
  }
}

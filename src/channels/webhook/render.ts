import { RenderStop } from '../../templating/render-stop.ts';
import { requireText } from '../fields.ts';
import type { RenderedWebhook } from './rendered.ts';
import { type Method, methods, type WebhookMessage } from './schema.ts';

const formBody = /^[^=&\s]+=[^&]*(&[^=&\s]+=[^&]*)*$/;

export function renderWebhook(message: WebhookMessage): RenderedWebhook {
  const method = readMethod(message.request_method);
  const url = requireText('url', message.url).trim();
  const headers = readHeaders(message.request_headers ?? {});
  const body = method === 'GET' || message.body === undefined ? null : message.body;
  const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return {
    method,
    url,
    headers: body === null || hasType ? headers : { ...headers, 'Content-Type': typeOf(body) },
    body,
  };
}

function readMethod(text: string): Method {
  const method = methods.find((known) => known === text.trim().toUpperCase());
  if (method === undefined)
    throw new RenderStop('aborted', `request_method: expected one of ${methods.join(', ')} after rendering`);
  return method;
}

function readHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => {
    if (/[\r\n\0]/.test(value))
      throw new RenderStop('aborted', `request_headers.${name}: holds a line break or NUL after rendering`);
    // A header is bytes, so characters beyond ASCII are sent as UTF-8.
    return [name, Buffer.from(value, 'utf8').toString('latin1')];
  });
  return Object.fromEntries(entries);
}

/** The content type that a body seems to have, when the caller gives none. Source: messaging-objects.md §9.1. */
function typeOf(body: string): string {
  if (isJsonContainer(body)) return 'application/json';
  return formBody.test(body) ? 'application/x-www-form-urlencoded' : 'text/plain; charset=utf-8';
}

function isJsonContainer(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // it only begins like JSON
  }
}

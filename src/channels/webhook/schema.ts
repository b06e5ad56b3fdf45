import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { headerName, valueProblem } from './headers.ts';

/** The object under `webhook` in a request. Source: messaging-objects.md §9.1. */
export interface WebhookMessage {
  url: string;
  request_method: Templated<Method>;
  request_headers?: Record<string, string> | undefined;
  /** A text, or JSON whose texts may be templates. It is serialised after rendering. */
  body?: string | object | undefined;
  message_variation_id?: string | undefined;
}

export const methods = ['POST', 'PUT', 'DELETE', 'GET'] as const;
export type Method = (typeof methods)[number];

const reservedHeader =
  /^(host|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|proxy-.*|expect)$/i;

export function parseWebhook(raw: Record<string, unknown>, path: string, problems: Problems): WebhookMessage {
  const fields = new Fields(raw, path, problems);
  const url = fields.text('url');
  if (url === undefined) fields.require('url');
  else if (!isTemplate(url)) checkUrl(fields, url);
  const request_method = fields.requiredOneOf('request_method', methods, { ignoreCase: true });
  return compact({
    url: url ?? '',
    request_method: request_method ?? 'POST',
    request_headers: readHeaders(fields),
    body: readBody(fields),
    message_variation_id: fields.text('message_variation_id'),
  });
}

function checkUrl(fields: Fields, text: string): void {
  const problem = urlProblem(text);
  if (problem !== null) fields.problems.add('range', fields.at('url'), problem);
}

/** The problem with a URL's text. null: none. The port is checked later, because the operator may allow others. */
export function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'expected an absolute http or https URL';
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'expected an http or https URL';
  return username === '' && password === '' ? null : 'must not hold a user name or password';
}

/** Reads the body. Arrays are no valid body, but are taken like objects; numbers and booleans stand for their text. */
function readBody(fields: Fields): string | object | undefined {
  const body = fields.get('body');
  return typeof body === 'object' && body !== null ? body : fields.text('body');
}

function readHeaders(fields: Fields): Record<string, string> | undefined {
  const hash = fields.hash('request_headers');
  if (hash === undefined) return undefined;
  const reader = new Fields(hash, fields.at('request_headers'), fields.problems);
  const kept: [string, string][] = [];
  const seen = new Set<string>();
  for (const name of Object.keys(hash)) {
    const value = reader.text(name);
    const problem = valueProblem(value ?? '');
    const lower = name.toLowerCase();
    if (!headerName.test(name))
      fields.problems.add(
        'range',
        fields.at('request_headers'),
        'a header name holds letters, digits and marks, without blanks',
      );
    else if (seen.has(lower)) fields.problems.add('cross', reader.at(name), 'is given twice, in another letter case');
    else if (problem !== null) fields.problems.add('range', reader.at(name), problem);
    else if (reservedHeader.test(name)) fields.problems.warn(`${reader.at(name)} is set by the server and was dropped`);
    else if (value !== undefined) kept.push([name, value]);
    seen.add(lower);
  }
  return Object.fromEntries(kept);
}

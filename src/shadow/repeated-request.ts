import { isObject, type RawObject } from '../lib/raw/json.ts';
import { parsed } from './body.ts';
import type { Treatment } from './endpoints.ts';

/**
 * The body for our own Cresset: a send asks for a dry run, and keys of the original are left out.
 * null: a send that is no JSON object. It is not repeated, because nothing could make it a dry run.
 */
export function repeatedBody(treatment: Treatment, body: Buffer): Buffer | null {
  const json = parsed(body);
  if (!isObject(json)) return treatment === 'dry_run' ? null : body;
  if (treatment !== 'dry_run' && !Object.hasOwn(json, 'api_key')) return body;
  const { api_key: _secret, ...rest } = json;
  return Buffer.from(JSON.stringify(treatment === 'dry_run' ? asDryRun(rest) : rest));
}

function asDryRun(body: RawObject): object {
  return { ...body, cresset: { ...(isObject(body.cresset) && body.cresset), dry_run: true } };
}

/** `/users/x?api_key=k&a=1` → `/users/x?a=1`. */
export function withoutKey(url: string): string {
  const [path = '', query] = splitOnce(url);
  const kept = query?.split('&').filter((pair) => !/^api_key(=|$)/i.test(pair)) ?? [];
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/** The secrets of a request: what is in its `Authorization` header, and `api_key` of its query and its body. */
export function secretsOf(authorization: string | null, url: string, body: Buffer): string[] {
  const json = parsed(body);
  const query = new URLSearchParams(splitOnce(url)[1] ?? '');
  const inBody = isObject(json) && typeof json.api_key === 'string' ? [json.api_key] : [];
  const parts = authorization === null ? [] : [authorization, ...authorization.split(/\s+/).slice(1)];
  return [...parts, ...inBody, ...query.getAll('api_key')];
}

export function splitOnce(url: string): [path: string, query?: string] {
  const at = url.indexOf('?');
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}

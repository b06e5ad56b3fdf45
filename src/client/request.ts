/** What a call is given, before its types are forgotten. */
export interface Input {
  path?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, Scalar | readonly Scalar[] | undefined>>;
  body?: unknown;
}
type Scalar = string | number | boolean;

export interface Target {
  method: string;
  /** The path with its query. */
  path: string;
  body: string | Uint8Array<ArrayBuffer> | null;
}

/** `POST /dispatches/{dispatch_id}/cancel` and its input → the request. Throws TypeError for a part of the path that is missing. */
export function targetOf(name: string, { path = {}, query = {}, body }: Input): Target {
  const [method = '', template = ''] = name.split(' ');
  const filled = template.replace(/\{(\w+)\}/g, (_, part: string) => partOf(path[part], part));
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) search.append(key, String(one));
  }
  const hasBody = method !== 'GET' && (method !== 'DELETE' || body !== undefined);
  return { method, path: filled + (search.size === 0 ? '' : `?${search}`), body: hasBody ? textOf(body) : null };
}

/** A part that is `.` or `..` would lead to another endpoint, however it is escaped. */
function partOf(value: string | undefined, part: string): string {
  if (typeof value !== 'string' || value === '' || value === '.' || value === '..')
    throw new TypeError(`path.${part}: expected a text that is not empty, "." or "..", got ${JSON.stringify(value)}`);
  return encodeURIComponent(value);
}

/** Lines are sent as they are given. */
function textOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body ?? {});
}

/** The base URL without a slash at its end. Throws TypeError unless it is http or https without a query and credentials. */
export function baseOf(url: string): string {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base === null || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '')
    throw new TypeError('url: expected an address that begins with http:// or https:// and holds no credentials');
  if (base.search !== '' || base.hash !== '') throw new TypeError('url: expected an address without ? and #');
  return base.href.replace(/\/+$/, '');
}

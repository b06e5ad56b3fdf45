import type { IncomingMessage } from 'node:http';
import { PREFIX } from './mirrored.ts';

/** `/in/3` before a path of the console or of its calls: the workspace that it is about. */
const WORKSPACE = /^\/+in\/+(\d{1,9})(?=[/?#]|$)/;

const asked = new WeakMap<object, number>();

/** The URL of a request without the workspace before its path, if it has one. */
export function withoutWorkspace(url: string): string {
  const [prefix] = WORKSPACE.exec(url) ?? [];
  if (prefix === undefined) return url;
  const rest = url.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The URL of a call of the console without the workspace before its path, which is remembered. Other URLs stay. */
export function takeWorkspace(request: Pick<IncomingMessage, 'url'>): string {
  const { url = '' } = request;
  const rest = withoutWorkspace(url);
  const [, id] = WORKSPACE.exec(url) ?? [];
  if (id === undefined || !rest.startsWith(`${PREFIX}/`)) return url;
  asked.set(request, Number(id));
  return rest;
}

/** The workspace that stood before the path of a call. null: none. */
export function askedWorkspace(request: Pick<IncomingMessage, 'url'>): number | null {
  return asked.get(request) ?? null;
}

import { workspacePath } from './workspace.ts';

/** A refusal of the server, or that it could not be reached (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: readonly string[];
  readonly requestId: string | null;
  /** When to try again, in seconds. null: not said. */
  readonly retryAfterS: number | null;

  constructor(message: string, about: Pick<ApiError, 'status' | 'errors' | 'requestId' | 'retryAfterS'>) {
    super(message);
    this.name = 'ApiError';
    this.status = about.status;
    this.errors = about.errors;
    this.requestId = about.requestId;
    this.retryAfterS = about.retryAfterS;
  }
}

/** Called when an answer says that nobody is signed in. */
let onSignedOut: () => void = () => undefined;

export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

/** An answer outside of these calls said so. */
export function signedOut(): void {
  onSignedOut();
}

/** URL of a call about the workspace of this page, below the path at which the console is served. `path`: such as `me`. */
export function urlOf(path: string): string {
  return new URL(`${workspacePath}operator/v1/${path}`, document.baseURI).href;
}

/** Reads. `path`: such as `dispatches?limit=10`. Throws ApiError. */
export function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>('GET', path, undefined, signal);
}

/** Changes something. Throws ApiError. */
export function change<T>(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  return call<T>(method, path, method === 'DELETE' ? body : (body ?? {}));
}

/** Changes something by a body that is JSON already, and arrives as it is written. Throws ApiError. */
export function changeText<T>(
  method: 'POST',
  path: string,
  text: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<T> {
  const init = { method, headers: { ...headersOf(method, text), ...headers }, body: text };
  return exchange<T>(path, { ...init, ...(signal !== undefined && { signal }) });
}

function call<T>(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return exchange<T>(path, {
    ...{ method, headers: headersOf(method, body) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
}

async function exchange<T>(path: string, asked: RequestInit): Promise<T> {
  const { signal } = asked;
  const init: RequestInit = { ...asked, credentials: 'same-origin' };
  const response = await fetch(urlOf(path), init).catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause;
    throw new ApiError('The server does not answer', { status: 0, errors: [], requestId: null, retryAfterS: null });
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as T;
  if (response.status === 401 && path !== 'sign-in') onSignedOut();
  throw refusal(response, text);
}

function headersOf(method: string, body: unknown): Record<string, string> {
  return {
    ...(method !== 'GET' && { 'x-cresset-console': '1' }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
}

function refusal({ status, headers }: Response, text: string): ApiError {
  const after = headers.get('retry-after');
  const about = { status, requestId: headers.get('x-request-id'), retryAfterS: after === null ? null : Number(after) };
  const { message = `The server answers ${status}`, errors = [] } = parsed(text);
  return new ApiError(message, {
    ...about,
    errors: errors.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
  });
}

/** A proxy in front of the server may answer with something else than JSON. */
function parsed(text: string): { message?: string; errors?: unknown[] } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

import { changedTooOften, isLostRace } from '../db/retry.ts';
import { troubleOf } from '../db/trouble.ts';
import { errorCodes, RequestError } from '../errors.ts';
import { InvalidKeyError } from './auth.ts';
import type { Answer } from './route.ts';
import { unknownPath } from './unknown-path.ts';

/** Retry-After in seconds. A database that is away may be back soon; one that refuses writes needs an operator. */
const RETRY_AFTER_S = { away: 1, refusing: 10 };

/** What the original says of a body that is not JSON. Source: send.md §12. */
const PARSE_ERROR = 'Error while parsing request body. Please check your syntax.';

/** What is wrong with requests that do not come so far as to have a route. */
const notHttp: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'path: expected percent-encoded UTF-8',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length: expected the length of the body',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'Content-Type: expected a media type such as application/json',
};

/** Turns anything thrown into the caller's answer. An unforeseen error becomes a 500 that reveals no internals. */
export function failureOf(error: unknown): Answer {
  if (error instanceof RequestError) return known(error);
  const code = errorCodeOf(error);
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL')
    return known(new RequestError('bad_request', [notHttp[code] ?? 'body: cannot be read']));
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return known(unknownPath());
  const unavailable = unavailableFor(error);
  return known(unavailable ?? new RequestError('internal_error'));
}

/** The answer to a request that failed because of the database. null: the error has another cause. */
export function unavailableFor(error: unknown): RequestError | null {
  if (isLostRace(error)) return changedTooOften('rows', error);
  const trouble = troubleOf(error);
  if (trouble === null) return null;
  const after = trouble.kind === 'unreachable' ? RETRY_AFTER_S.away : RETRY_AFTER_S.refusing;
  return new RequestError('unavailable', [`the database ${trouble.said}; try again`], after);
}

function known(error: RequestError): Answer {
  const { status, label } = errorCodes[error.code];
  const message = error instanceof InvalidKeyError ? `${label}: ${error.hint}` : label;
  const body = {
    message,
    ...(error.errors.length > 0 && { errors: error.errors }),
    ...(error.code === 'malformed_body' && { error: PARSE_ERROR }),
  };
  // The rest of the body is not read.
  if (error.code === 'body_too_large') return { status, body, headers: { connection: 'close' } };
  return error.retryAfterS === undefined
    ? { status, body }
    : { status, body, headers: waitHeaders(error.code, error.retryAfterS) };
}

/** A 429 says the seconds twice: newer contracts of the original send only the second header. Source: send.md §13. */
function waitHeaders(code: RequestError['code'], seconds: number): Record<string, string> {
  const text = String(seconds);
  return errorCodes[code].status === 429
    ? { 'retry-after': text, 'x-ratelimit-retry-after': text }
    : { 'retry-after': text };
}

function errorCodeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

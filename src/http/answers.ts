import { errorCodes, RequestError } from '../errors.ts';
import { InvalidKeyError } from './auth.ts';
import type { Answer } from './route.ts';

/** Database errors that mean "not now": no connection, starting up, stopping, out of connections or memory. */
const databaseGone = /^(08|53|57P)/;
const connectionErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT']);

/** Any thrown thing → the answer its caller gets. What we did not foresee is a 500 that says nothing of the inside. */
export function failureOf(error: unknown): Answer {
  if (error instanceof RequestError) return known(error);
  const code = errorCodeOf(error);
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return { ...known(new RequestError('body_too_large')), headers: { connection: 'close' } };
  if (code.startsWith('FST_ERR_CTP') || code === 'FST_ERR_BAD_URL') return known(new RequestError('bad_request'));
  if (databaseGone.test(code) || connectionErrors.has(code)) {
    return known(new RequestError('unavailable', ['the database does not answer; try again'], 1));
  }
  return known(new RequestError('internal_error'));
}

function known(error: RequestError): Answer {
  const { status, label } = errorCodes[error.code];
  const message = error instanceof InvalidKeyError ? `${label}: ${error.hint}` : label;
  const body = error.errors.length > 0 ? { message, errors: error.errors } : { message };
  return error.retryAfterS === undefined
    ? { status, body }
    : { status, body, headers: { 'retry-after': String(error.retryAfterS) } };
}

function errorCodeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

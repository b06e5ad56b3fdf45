import { isSqlstate } from './sqlstates.ts';

/** There is no database to work on; worded for the operator. */
export class DatabaseUnusableError extends Error {
  override name = 'DatabaseUnusableError';
}

/** Of the operating system, when the server cannot be reached: `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT` … */
const fromSystem = /^E[A-Z]+$/;

/** An error of the first connection, worded for the operator where they can mend it; every other error as it is. */
export function asUnusable(cause: unknown): unknown {
  const { code, message } = Object(cause) as { code?: unknown; message?: string };
  if (typeof code !== 'string' || !(fromSystem.test(code) || isRefusedConnection(cause))) return cause;
  return new DatabaseUnusableError(`The database cannot be used: ${message || code}. Check DATABASE_URL.`, { cause });
}

function isRefusedConnection(error: unknown): boolean {
  return isSqlstate(error, 'invalid_authorization', 'invalid_catalog_name', 'shutdown', 'too_many_connections');
}

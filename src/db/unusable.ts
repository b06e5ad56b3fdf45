import { isSqlstate } from './sqlstates.ts';
import { troubleOf } from './trouble.ts';

/** There is no usable database. The message is written for the operator. */
export class DatabaseUnusableError extends Error {
  override name = 'DatabaseUnusableError';
}

/** The operating system's codes when the server cannot be reached: `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT` … */
const fromSystem = /^E[A-Z]+$/;

/**
 * Turns an error of the first connection that the operator can mend into a DatabaseUnusableError. Returns others as they
 * are.
 */
export function asUnusable(cause: unknown): unknown {
  const { code, message } = Object(cause) as { code?: unknown; message?: string };
  if (typeof code !== 'string' || !(fromSystem.test(code) || isRefusedConnection(cause))) return cause;
  return new DatabaseUnusableError(`The database cannot be used: ${message || code}. Check DATABASE_URL.`, { cause });
}

function isRefusedConnection(error: unknown): boolean {
  return isSqlstate(error, 'invalid_authorization', 'invalid_catalog_name', 'shutdown', 'too_many_connections');
}

/** Turns an error that the state of the database explains into a DatabaseUnusableError. Returns others as they are. */
export function asTrouble(cause: unknown): unknown {
  const trouble = cause instanceof Error ? troubleOf(cause) : null;
  return trouble === null ? cause : new DatabaseUnusableError(`The database ${trouble.said}.`, { cause });
}

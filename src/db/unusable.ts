import { isSqlstate } from './sqlstates.ts';
import { troubleOf } from './trouble.ts';

/** There is no usable database. The message is written for the operator. */
export class DatabaseUnusableError extends Error {
  override name = 'DatabaseUnusableError';
}

/** A newer version has changed the schema in a way that this one does not survive. `needed`: the migration that did. */
export class NewerSchemaError extends DatabaseUnusableError {
  constructor(needed: string) {
    super(
      `The database was upgraded by a newer version of Cresset, which older ones cannot work beside (it needs ${needed}). Use that version or a newer one.`,
    );
  }
}

/** Node.js's codes for certificates that it does not accept, such as `SELF_SIGNED_CERT_IN_CHAIN`. */
const fromCertificate = /CERT|LEAF_SIGNATURE|INVALID_CA|HOSTNAME_MISMATCH/;
const NO_TLS = 'The server does not support SSL connections';
/** What poolers say of settings of a session that they do not keep. */
const fromPooler = /unsupported startup parameter/;

/** The operating system's codes when the server cannot be reached: `ECONNREFUSED`, `ENOTFOUND`, `ETIMEDOUT` … */
const fromSystem = /^E[A-Z]+$/;

/**
 * Turns an error of the first connection that the operator can mend into a DatabaseUnusableError. Returns others as they
 * are.
 */
export function asUnusable(cause: unknown): unknown {
  const { code, message = '' } = Object(cause) as { code?: unknown; message?: string };
  if (message === NO_TLS) return new DatabaseUnusableError(WITHOUT_TLS, { cause });
  if (fromPooler.test(message)) return new DatabaseUnusableError(POOLER, { cause });
  if (typeof code === 'string' && fromCertificate.test(code))
    return new DatabaseUnusableError(notAccepted(message), { cause });
  if (typeof code !== 'string' || !(fromSystem.test(code) || isRefusedConnection(cause))) return cause;
  return new DatabaseUnusableError(`The database cannot be used: ${message || code}. Check DATABASE_URL.`, { cause });
}

export const POOLER =
  'DATABASE_URL leads to a pooler, such as PgBouncer. It would lose the notices by which servers wake each other, and settings of their sessions. Name PostgreSQL itself, with its own host and port.';

const WITHOUT_TLS =
  'The database offers no TLS, and sslmode in DATABASE_URL asks for it. Turn TLS on there, or set sslmode=disable.';

function notAccepted(message: string): string {
  const [reason = ''] = message.split(';');
  return `The certificate of the database is not accepted: ${reason}. Name the file of its authority in DATABASE_URL, as sslrootcert=/path/to/ca.pem, or accept any certificate with sslmode=no-verify.`;
}

function isRefusedConnection(error: unknown): boolean {
  return isSqlstate(error, 'invalid_authorization', 'invalid_catalog_name', 'shutdown', 'too_many_connections');
}

/** Turns an error that the state of the database explains into a DatabaseUnusableError. Returns others as they are. */
export function asTrouble(cause: unknown): unknown {
  const trouble = cause instanceof Error ? troubleOf(cause) : null;
  return trouble === null ? cause : new DatabaseUnusableError(`The database ${trouble.said}.`, { cause });
}

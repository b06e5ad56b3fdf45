import { isSqlstate, type SqlstateName } from './sqlstates.ts';

/** Why the database cannot run a statement at present, although nothing is wrong with the statement. */
export type TroubleKind =
  | 'unreachable'
  | 'read_only'
  | 'disk_full'
  | 'out_of_memory'
  | 'too_many_connections'
  | 'short_of_resources'
  | 'io_error';

export interface Trouble {
  kind: TroubleKind;
  /** The rest of a sentence that begins with "the database". */
  said: string;
}

/** The first match counts, so a code stands before its class. */
const kinds: readonly [SqlstateName, TroubleKind, string][] = [
  ['connection_exception', 'unreachable', 'does not answer'],
  ['shutdown', 'unreachable', 'does not answer'],
  ['read_only_sql_transaction', 'read_only', 'is read-only'],
  ['disk_full', 'disk_full', 'has no room left on its disk'],
  ['out_of_memory', 'out_of_memory', 'is out of memory'],
  ['too_many_connections', 'too_many_connections', 'takes no more connections'],
  ['insufficient_resources', 'short_of_resources', 'is short of resources'],
  ['io_error', 'io_error', 'cannot read or write its files'],
];
const connectionErrors = new Set<unknown>(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT']);

/** What the driver says of a connection that ended without a word of the server. These errors have no code. */
const unexplainedEnds: ReadonlySet<string> = new Set([
  'Connection terminated unexpectedly',
  'Connection terminated',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
]);

/** Whether a connection ended without a word of the server, which may have been killed, or by the statement itself. */
export function isUnexplainedEnd(error: unknown): boolean {
  return error instanceof Error && unexplainedEnds.has(error.message);
}

/** The trouble that an error reports. null: any other error, also one that is the statement's fault. */
export function troubleOf(error: unknown): Trouble | null {
  if (connectionErrors.has((Object(error) as { code?: unknown }).code) || isUnexplainedEnd(error))
    return { kind: 'unreachable', said: 'does not answer' };
  const [, kind, said] = kinds.find(([name]) => isSqlstate(error, name)) ?? [];
  return kind === undefined || said === undefined ? null : { kind, said };
}

/**
 * The level at which a failure is logged that will be tried again. A state of the database that needs an operator is logged
 * once, where it begins: a line for each try could fill the same disk.
 */
export function levelOf(error: unknown): 'error' | 'debug' {
  const trouble = troubleOf(error) ?? troubleOf(Object(error).cause);
  return trouble !== null && trouble.kind !== 'unreachable' ? 'debug' : 'error';
}

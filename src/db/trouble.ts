import { isSqlstate, type SqlstateName } from './sqlstates.ts';

/** Why the database cannot do what was asked just now, though nothing is wrong with what was asked. */
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
  /** Goes after "the database". */
  said: string;
}

/** The first that fits: a code stands before its class. */
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

/** Null for every other error, also those that are the statement's fault. */
export function troubleOf(error: unknown): Trouble | null {
  if (connectionErrors.has((Object(error) as { code?: unknown }).code))
    return { kind: 'unreachable', said: 'does not answer' };
  const [, kind, said] = kinds.find(([name]) => isSqlstate(error, name)) ?? [];
  return kind === undefined || said === undefined ? null : { kind, said };
}

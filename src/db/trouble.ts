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

/** By SQLSTATE, the first that fits. */
const kinds: readonly [RegExp, TroubleKind, string][] = [
  [/^(08|57P)/, 'unreachable', 'does not answer'],
  [/^25006$/, 'read_only', 'is read-only'],
  [/^53100$/, 'disk_full', 'has no room left on its disk'],
  [/^53200$/, 'out_of_memory', 'is out of memory'],
  [/^53300$/, 'too_many_connections', 'takes no more connections'],
  [/^53/, 'short_of_resources', 'is short of resources'],
  [/^58030$/, 'io_error', 'cannot read or write its files'],
];
const connectionErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT']);

/** Null for every other error, also those that are the statement's fault. */
export function troubleOf(error: unknown): Trouble | null {
  const { code } = Object(error) as { code?: unknown };
  if (typeof code !== 'string') return null;
  if (connectionErrors.has(code)) return { kind: 'unreachable', said: 'does not answer' };
  const [, kind, said] = kinds.find(([pattern]) => pattern.test(code)) ?? [];
  return kind === undefined || said === undefined ? null : { kind, said };
}

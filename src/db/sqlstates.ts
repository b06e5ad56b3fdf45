/**
 * Every error code of PostgreSQL that Cresset acts on, under PostgreSQL's name. Two characters stand for a whole class.
 * Source: PostgreSQL, "PostgreSQL Error Codes".
 */
export const sqlstates = {
  connection_exception: { code: '08', meaning: 'The connection could not be made, or it broke.' },
  data_exception: { code: '22', meaning: 'A value is not one that PostgreSQL can store or compute with.' },
  invalid_regular_expression: {
    code: '2201B',
    meaning: "A pattern is malformed, or PostgreSQL's regular expressions ran into one of their limits.",
  },
  integrity_constraint_violation: { code: '23', meaning: 'A constraint refuses the row.' },
  foreign_key_violation: { code: '23503', meaning: 'The row that this one refers to is gone.' },
  unique_violation: { code: '23505', meaning: 'Another transaction has made the same row.' },
  read_only_sql_transaction: { code: '25006', meaning: 'The database is a standby, or was set to be read-only.' },
  invalid_authorization: { code: '28', meaning: 'The role does not exist, or its password is wrong.' },
  invalid_catalog_name: { code: '3D000', meaning: 'There is no database of this name.' },
  serialization_failure: { code: '40001', meaning: 'Another transaction changed what this one had read.' },
  deadlock_detected: { code: '40P01', meaning: 'Two transactions waited for each other; this one was ended.' },
  insufficient_privilege: {
    code: '42501',
    meaning: 'The role may not do this, such as end the process of a superuser.',
  },
  insufficient_resources: { code: '53', meaning: 'The database server is short of something.' },
  disk_full: { code: '53100', meaning: 'No room is left on the disk of the database.' },
  out_of_memory: { code: '53200', meaning: 'The database server has no memory left for the statement.' },
  too_many_connections: { code: '53300', meaning: '`max_connections` is reached.' },
  lock_not_available: { code: '55P03', meaning: 'The lock was not free within `lock_timeout`.' },
  query_canceled: { code: '57014', meaning: 'The statement took longer than `statement_timeout`, or was cancelled.' },
  // The codes of shutdown: 57P01 to 57P05.
  shutdown: { code: '57P', meaning: 'The database is stopping, starting, recovering, or ended the connection.' },
  io_error: { code: '58030', meaning: 'The database server could not read or write one of its files.' },
} as const satisfies Record<string, { code: string; meaning: string }>;

export type SqlstateName = keyof typeof sqlstates;

/** Whether the error is PostgreSQL's and has one of these codes, or a code of one of these classes. */
export function isSqlstate(error: unknown, ...names: SqlstateName[]): boolean {
  const state = sqlstateOf(error);
  return names.some((name) => state.startsWith(sqlstates[name].code));
}

/** The error's code, five characters; `''` if the error is not PostgreSQL's. */
export function sqlstateOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' && /^[0-9FHPX][0-9A-Z]{4}$/.test(code) ? code : '';
}

/** Whether PostgreSQL refused a value, or a constraint failed. The statement is at fault, so waiting does not help. */
export function isDataError(error: unknown): boolean {
  return isSqlstate(error, 'data_exception', 'integrity_constraint_violation');
}

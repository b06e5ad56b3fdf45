/** PostgreSQL refused a value or a constraint: the statement's own fault, not the server's. SQLSTATE classes 22 and 23. */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(stateOf(error));
}

/** Two transactions waited for each other, and this one was given up. */
export function isDeadlock(error: unknown): boolean {
  return stateOf(error) === '40P01';
}

/** A lock was not to be had within the time that the transaction had set itself. */
export function isLockTimeout(error: unknown): boolean {
  return stateOf(error) === '55P03';
}

function stateOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

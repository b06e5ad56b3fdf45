/** PostgreSQL refused a value or a constraint: the statement's own fault, not the server's. SQLSTATE classes 22 and 23. */
export function isDataError(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' && /^2[23]/.test(code);
}

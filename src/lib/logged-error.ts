/** An error as a log line shows it. */
export interface LoggedError {
  type: string;
  message: string;
  stack?: string;
  cause?: LoggedError;
  /** Of an AggregateError: the first few. */
  errors?: LoggedError[];
  [member: string]: unknown;
}

/** Members of errors of Node.js and PostgreSQL that name codes and places, and never hold what somebody sent. */
const shown = [
  ...['code', 'errno', 'syscall', 'address', 'port', 'hostname'],
  ...['severity', 'schema', 'table', 'column', 'dataType', 'constraint', 'routine'],
] as const;
const LONGEST_MESSAGE = 2_000;
const LONGEST_STACK = 8_000;
const DEEPEST = 4;
const MOST_ERRORS = 5;

/**
 * What may be logged of an error: a list of members that are known to be harmless, and no other. Libraries attach whatever
 * broke with it: the database's driver its client with the key of the session, others a request with its body. Never throws.
 */
export function loggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: cut(textOf(error), LONGEST_MESSAGE) };
  const { name, message, stack, cause } = error;
  const logged: LoggedError = { type: String(name), message: cut(String(message), LONGEST_MESSAGE) };
  for (const member of shown) {
    const value: unknown = (error as unknown as Record<string, unknown>)[member];
    if (typeof value === 'string' || typeof value === 'number') logged[member] = value;
  }
  if (typeof stack === 'string') logged.stack = cut(stack, LONGEST_STACK);
  if (depth >= DEEPEST) return logged;
  if (cause !== undefined) logged.cause = loggedError(cause, depth + 1);
  if (error instanceof AggregateError)
    logged.errors = error.errors.slice(0, MOST_ERRORS).map((one) => loggedError(one, depth + 1));
  return logged;
}

function textOf(thrown: unknown): string {
  return typeof thrown === 'object' || typeof thrown === 'function' ? 'not an Error' : String(thrown);
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

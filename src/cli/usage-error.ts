/** What was asked for does not make sense; worded for the person at the terminal. */
export class UsageError extends Error {
  override name = 'UsageError';
}

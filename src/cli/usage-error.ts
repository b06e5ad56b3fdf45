/** The command line makes no sense. The message is for the person at the terminal. */
export class UsageError extends Error {
  override name = 'UsageError';
}

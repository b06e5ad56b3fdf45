/**
 * Ends parts in this order. It goes on after a failure, because a part that is left running keeps the process alive.
 * Then it throws the error, or an AggregateError if several parts failed.
 */
export async function endAll(...endings: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of endings) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1) throw new AggregateError(errors, 'several parts did not stop well');
  if (errors.length === 1) throw errors[0];
}

/**
 * Ends parts in this order, each whatever became of those before it: what is left running would keep the process alive.
 * Throws the error when one failed, an AggregateError when several did.
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

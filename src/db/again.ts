const DEADLOCK_DETECTED = '40P01';
const TRIES = 5;

/** Runs a transaction again when PostgreSQL ended it to let another one go on that waited for it in a circle. */
export async function againAfterDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    try {
      return await transaction();
    } catch (error) {
      if ((Object(error) as { code?: unknown }).code !== DEADLOCK_DETECTED) throw error;
    }
  }
  return transaction();
}

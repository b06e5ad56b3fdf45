export function pause(ms: number): Promise<void> {
  return new Promise((next) => setTimeout(next, ms));
}

/** Checks every 20 ms until `isTrue`. Throws an error that names `what` after `patienceMs`. */
export async function untilTrue(
  what: string,
  patienceMs: number,
  isTrue: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs / 1_000} s for ${what}`);
    await pause(20);
  }
}

/** Repeats `work` while it throws, as it may while the database is away. Throws its last error after `patienceMs`. */
export async function persistently<T>(patienceMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(100);
  }
}

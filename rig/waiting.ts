export function pause(ms: number): Promise<void> {
  return new Promise((next) => setTimeout(next, ms));
}

/** Asks every 20 ms; throws, saying what was waited for, when it takes longer than `patienceMs`. */
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

/** Again while it throws, which it may while the database is away; the last error when it takes longer than `patienceMs`. */
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

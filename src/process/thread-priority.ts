import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Logger } from 'pino';

/** Below everything else that runs here: a broadcast takes the processor time that other work leaves. */
const NICENESS = 10;

/** Lowers the priority of this thread. `what`: its name in the log. Only Linux gives threads their own priority, by the thread id that /proc shows. */
export function lowerThreadPriority(log: Logger, what: string): void {
  lower(log, what, () => Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
}

/** Lowers the priority of a local process that works only for this thread. */
export function lowerProcessPriority(log: Logger, processId: number): void {
  lower(log, `the database process ${processId}`, () => processId);
}

function lower(log: Logger, what: string, find: () => number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(find(), NICENESS);
  } catch (error) {
    log.warn({ err: error }, `could not lower the priority of ${what}`);
  }
}

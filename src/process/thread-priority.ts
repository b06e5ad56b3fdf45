import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Logger } from 'pino';

/** Below all else that runs here: a broadcast takes what processor is left, a message to one person takes it at once. */
const NICENESS = 10;

/** Lowers this thread. Linux alone gives threads a priority of their own; there a thread is asked for by what /proc calls it. */
export function giveWay(log: Logger): void {
  lower(log, 'the thread of broadcasts', () => Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
}

/** Lowers a process of this machine that works for this thread alone. */
export function makeGiveWay(log: Logger, processId: number): void {
  lower(log, `the process ${processId} of the database`, () => processId);
}

function lower(log: Logger, what: string, find: () => number): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(find(), NICENESS);
  } catch (error) {
    log.warn({ err: error }, `${what} keeps its priority`);
  }
}

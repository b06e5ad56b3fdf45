import { once } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import type { Ending } from './roles.ts';

export interface BroadcastThreadData {
  config: Config;
  databaseUrl: string;
  /** For the log: which of the threads it is. */
  number: number;
}

/**
 * A heap that may grow to several gigabytes is let grow fourfold between collections; a server with two threads of these
 * bounds sends as fast in 450 MB as in 600 (decision 25). With less for what is young it collects for a fifth of its time. A thread that outgrows them ends, and the server with it.
 */
const MOST_HEAP_MB = 1_024;
const YOUNG_HEAP_MB = 96;

/** Resolves, with its end, once it works. `onLost`: it ended by itself; whoever waits for what it did should start anew. */
export async function startBroadcastWorker(
  data: BroadcastThreadData,
  onLost: (error: unknown) => void,
): Promise<Ending> {
  const allowedMb = Math.floor(getHeapStatistics().heap_size_limit / 1_048_576);
  const thread = new Worker(new URL('./broadcast-thread.ts', import.meta.url), {
    workerData: data,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.min(MOST_HEAP_MB, allowedMb),
      maxYoungGenerationSizeMb: YOUNG_HEAP_MB,
    },
  });
  let isStopping = false;
  const ended = once(thread, 'exit');
  ended.catch(() => undefined); // `once` rejects for an error too, which is told below
  thread.on('error', onLost);
  thread.on('exit', (code) => {
    if (!isStopping) onLost(new Error(`thread ${data.number} of broadcasts ended with ${code}`));
  });
  await Promise.race([once(thread, 'message'), ended.then(() => Promise.reject(new Error('it did not start')))]);
  return async () => {
    isStopping = true;
    thread.postMessage('stop');
    await ended;
  };
}

import { once } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import type { Ending } from './roles.ts';

export interface BroadcastThreadData {
  config: Config;
  databaseUrl: string;
  /** The thread's number in the log. */
  number: number;
}

/**
 * Without a limit, the heap may grow to four times its size between collections. With these limits, a server with two
 * threads sends as fast in 450 MB as without them in 600 (decision 25). With a smaller young generation, a thread spends a
 * fifth of its time on collections. A thread that exceeds the limits ends, and the server ends with it.
 */
const MOST_HEAP_MB = 1_024;
const YOUNG_HEAP_MB = 96;

/** Resolves once the thread works, with a function that ends it. `onLost` is called if the thread ends by itself. */
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
  ended.catch(() => undefined); // `once` also rejects for an error, which the next line reports
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

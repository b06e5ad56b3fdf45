import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Config } from './config.ts';
import type { Ending } from './serving.ts';

export interface BroadcastThreadData {
  config: Config;
  databaseUrl: string;
  /** For the log: which of the threads it is. */
  number: number;
}

/** Resolves, with its end, once it works. `onLost`: it ended by itself; whoever waits for what it did should start anew. */
export async function startBroadcastWorker(
  data: BroadcastThreadData,
  onLost: (error: unknown) => void,
): Promise<Ending> {
  const thread = new Worker(new URL('./broadcast-thread.ts', import.meta.url), { workerData: data });
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

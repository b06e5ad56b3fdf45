import { once } from 'node:events';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { portsOf, type ThreadLinks } from '../connected-content/neighbours.ts';
import { moduleBeside } from '../lib/project/module-beside.ts';
import type { MeterDump } from '../metrics/meters.ts';
import type { Ending } from './roles.ts';

export interface BroadcastThreadData {
  config: Config;
  databaseUrl: string;
  /** The thread's number in the log. */
  number: number;
  /** Connects it with the other threads for broadcasts. */
  links: ThreadLinks;
}

/** `dump`: it answers with its metrics and the same number. `stop`: it ends. */
export type ToBroadcastThread = { kind: 'dump'; number: number } | { kind: 'stop' };

export type FromBroadcastThread = { kind: 'started' } | { kind: 'dump'; number: number; dump: MeterDump };

export interface BroadcastWorker {
  /** Its metrics. null: it did not answer in time, as its thread has too much to do or has ended. */
  dump(): Promise<MeterDump | null>;
  end: Ending;
}

/** How long the metrics of a thread are waited for, in milliseconds. */
const DUMP_MS = 2_000;

/**
 * Without a limit, the heap may grow to four times its size between collections. With these limits, a server with two
 * threads sends as fast in 450 MB as without them in 600 (decision 25). With a smaller young generation, a thread spends a
 * fifth of its time on collections. A thread that exceeds the limits ends, and the server ends with it.
 */
const MOST_HEAP_MB = 1_024;
const YOUNG_HEAP_MB = 96;

/** Resolves once the thread works. `onLost` is called if the thread ends by itself. */
export async function startBroadcastWorker(
  data: BroadcastThreadData,
  onLost: (error: unknown) => void,
): Promise<BroadcastWorker> {
  const allowedMb = Math.floor(getHeapStatistics().heap_size_limit / 1_048_576);
  const thread = new Worker(moduleBeside(import.meta.url, 'broadcast-thread'), {
    workerData: data,
    transferList: portsOf(data.links),
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
  return {
    dump: dumpsOf(thread),
    async end() {
      isStopping = true;
      thread.postMessage({ kind: 'stop' } satisfies ToBroadcastThread);
      await ended;
    },
  };
}

function dumpsOf(thread: Worker): BroadcastWorker['dump'] {
  const waiting = new Map<number, (dump: MeterDump | null) => void>();
  let asked = 0;
  thread.on('message', (message: FromBroadcastThread) => {
    if (message.kind === 'dump') waiting.get(message.number)?.(message.dump);
  });
  return async () => {
    asked += 1;
    const number = asked;
    const { promise, resolve } = Promise.withResolvers<MeterDump | null>();
    waiting.set(number, resolve);
    const late = setTimeout(resolve, DUMP_MS, null);
    thread.postMessage({ kind: 'dump', number } satisfies ToBroadcastThread);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      waiting.delete(number);
    }
  };
}

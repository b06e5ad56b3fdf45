import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { encryptFor } from './encrypt.ts';
import { type EncryptionJob, packJobs, unpackMessages } from './encryption-batch.ts';

/**
 * Encrypts for browsers. A few messages are encrypted at once, here; many go in batches to threads of their own, which
 * are started by need, so that one core is not all there is. This thread helps, a millisecond at a time.
 */
export interface Encryptors {
  /** Null when the browser's key is no point of the curve. Every message under way ends before `close` resolves. */
  encrypt(job: EncryptionJob): Promise<Buffer | null>;
  close(): Promise<void>;
}

interface Waiting {
  job: EncryptionJob;
  resolve(message: Buffer | null): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  /** In hand, in the order in which they will come back. */
  batches: Waiting[][];
}

/** An encryption takes about an eighth of a millisecond: this much may hold up everybody else. */
const MOST_HERE = 8;
const BATCH = 16;
/** One to work on and one to go on with. */
const BATCHES_IN_HAND = 2;
const MOST_THREADS = 4;

export function createEncryptors(mostThreads: number): Encryptors {
  const waiting: Waiting[] = [];
  const threads = new Set<Thread>();
  // A thread that fails is not replaced: what is wrong with it would be wrong with the next.
  let allowed = mostThreads;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || waiting.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      flush();
    });
  }

  function flush(): void {
    if (waiting.length > MOST_HERE)
      for (let thread = freeThread(); waiting.length > 0 && thread !== null; thread = freeThread()) handOver(thread);
    // What is few, or more than the threads can take: this thread would wait for them otherwise.
    for (const one of waiting.splice(0, MOST_HERE)) encryptHere(one);
    schedule();
  }

  function freeThread(): Thread | null {
    if (allowed === 0) return null;
    const [idlest] = [...threads].sort((one, other) => one.batches.length - other.batches.length);
    if ((idlest === undefined || idlest.batches.length > 0) && threads.size < allowed) return startThread();
    return idlest !== undefined && idlest.batches.length < BATCHES_IN_HAND ? idlest : null;
  }

  function startThread(): Thread {
    const file = import.meta.url.endsWith('.ts') ? './encryption-worker.ts' : './encryption-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { execArgv: [] });
    const thread: Thread = { worker, batches: [] };
    worker.unref();
    worker.on('message', (packed: Uint8Array<ArrayBuffer>) => takeBack(thread, unpackMessages(packed)));
    worker.on('error', (error) => {
      process.emitWarning(`web push goes on without threads for encryption, more slowly: ${String(error)}`);
      giveUp(thread);
    });
    worker.on('exit', () => giveUp(thread));
    threads.add(thread);
    return thread;
  }

  function handOver({ worker, batches }: Thread): void {
    const batch = waiting.splice(0, BATCH);
    const packed = packJobs(batch.map(({ job }) => job));
    batches.push(batch);
    worker.ref();
    worker.postMessage(packed, [packed.buffer]);
  }

  function takeBack({ worker, batches }: Thread, messages: (Buffer | null)[]): void {
    for (const [index, { resolve }] of (batches.shift() ?? []).entries()) resolve(messages[index] ?? null);
    if (batches.length === 0) worker.unref();
    schedule();
  }

  function giveUp(thread: Thread): void {
    if (!threads.delete(thread)) return;
    allowed = 0;
    waiting.unshift(...thread.batches.splice(0).flat());
    schedule();
  }

  return {
    encrypt(job) {
      return new Promise((resolve, reject) => {
        waiting.push({ job, resolve, reject });
        schedule();
      });
    },
    async close() {
      const workers = [...threads].map(({ worker }) => worker);
      threads.clear();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function encryptHere({ job, resolve, reject }: Waiting): void {
  try {
    resolve(encryptFor(job.plaintext, job.receiver));
  } catch (error) {
    reject(error);
  }
}

let shared: { encryptors: Encryptors; users: number } | null = null;

/** The threads serve all senders of this thread; the last one to close ends them. */
export function shareEncryptors(processors = availableParallelism()): Encryptors {
  const mostThreads = Math.max(0, Math.min(Math.floor(processors) - 1, MOST_THREADS));
  shared ??= { encryptors: createEncryptors(mostThreads), users: 0 };
  const mine = shared;
  mine.users += 1;
  return {
    encrypt: (job) => mine.encryptors.encrypt(job),
    async close() {
      mine.users -= 1;
      if (mine.users > 0) return;
      if (shared === mine) shared = null;
      await mine.encryptors.close();
    },
  };
}

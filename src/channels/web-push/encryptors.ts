import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { moduleBeside } from '../../lib/project/module-beside.ts';
import { encryptFor } from './encrypt.ts';
import { type EncryptionJob, packJobs, unpackMessages } from './encryption-batch.ts';

/**
 * Encrypts for browsers. This thread encrypts a few messages itself. Many messages go in batches to worker threads,
 * which are started as needed, so that more than one core is used. Meanwhile this thread helps, a millisecond at a
 * time.
 */
export interface Encryptors {
  /** null: the browser's key is not a point of the curve. */
  encrypt(job: EncryptionJob): Promise<Buffer | null>;
  /** Ends the threads. The caller first waits for its pending messages. */
  close(): Promise<void>;
}

interface Waiting {
  job: EncryptionJob;
  resolve(message: Buffer | null): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  /** Batches that the thread has, in the order in which it will return them. */
  batches: Waiting[][];
}

/**
 * Messages that this thread encrypts in one turn. Eight take about a millisecond, during which it does nothing else.
 */
const MAX_IN_THIS_THREAD = 8;
const BATCH_SIZE = 16;
/** One batch to work on, and one to continue with. */
const BATCHES_PER_THREAD = 2;
const MAX_THREADS = 4;

export function createEncryptors(maxThreads: number): Encryptors {
  const waiting: Waiting[] = [];
  const threads = new Set<Thread>();
  // A thread that fails is not replaced, because the next would fail for the same reason.
  let allowed = maxThreads;
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
    if (waiting.length > MAX_IN_THIS_THREAD)
      for (let thread = freeThread(); waiting.length > 0 && thread !== null; thread = freeThread()) sendBatch(thread);
    // This thread takes a few messages, or what the other threads cannot take; otherwise it would only wait.
    for (const one of waiting.splice(0, MAX_IN_THIS_THREAD)) encryptHere(one);
    schedule();
  }

  function freeThread(): Thread | null {
    if (allowed === 0) return null;
    const [idlest] = [...threads].sort((one, other) => one.batches.length - other.batches.length);
    if ((idlest === undefined || idlest.batches.length > 0) && threads.size < allowed) return startThread();
    return idlest !== undefined && idlest.batches.length < BATCHES_PER_THREAD ? idlest : null;
  }

  function startThread(): Thread {
    const worker = new Worker(moduleBeside(import.meta.url, 'encryption-worker'), { execArgv: [] });
    const thread: Thread = { worker, batches: [] };
    worker.unref();
    worker.on('message', (packed: Uint8Array<ArrayBuffer>) => receiveBatch(thread, unpackMessages(packed)));
    worker.on('error', (error) => {
      process.emitWarning(`web push now encrypts without worker threads, more slowly: ${String(error)}`);
      loseThread(thread);
    });
    worker.on('exit', () => loseThread(thread));
    threads.add(thread);
    return thread;
  }

  function sendBatch({ worker, batches }: Thread): void {
    const batch = waiting.splice(0, BATCH_SIZE);
    const packed = packJobs(batch.map(({ job }) => job));
    batches.push(batch);
    worker.ref();
    worker.postMessage(packed, [packed.buffer]);
  }

  function receiveBatch({ worker, batches }: Thread, messages: (Buffer | null)[]): void {
    for (const [index, { resolve }] of (batches.shift() ?? []).entries()) resolve(messages[index] ?? null);
    if (batches.length === 0) worker.unref();
    schedule();
  }

  function loseThread(thread: Thread): void {
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

/** Encryptors that all senders of this thread share. The last one to close ends the worker threads. */
export function shareEncryptors(processors = availableParallelism()): Encryptors {
  const maxThreads = Math.max(0, Math.min(Math.floor(processors) - 1, MAX_THREADS));
  shared ??= { encryptors: createEncryptors(maxThreads), users: 0 };
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

// `cresset/testing`. The server runs in a thread of its own: fake timers and mocks of a test do not reach it (decision 65).
import { Worker } from 'node:worker_threads';
import { moduleBeside } from '../lib/project/module-beside.ts';
import type { Call, CallName, Calls, Reply } from './calls.ts';
import type { Cresset, CressetOptions } from './cresset.ts';
import { checkedFault, checkedFilter, checkedOptions, checkedPatience, takesNothing } from './options.ts';

export type {
  Channel,
  Cresset,
  CressetOptions,
  Fault,
  MessageFilter,
  Person,
  SentMessage,
} from './cresset.ts';

type Ask = <K extends CallName>(name: K, ...args: Parameters<Calls[K]>) => Promise<ReturnType<Calls[K]>>;

let running: Ask | null = null;

/**
 * Starts a workspace of the test double. The first call of a process also starts the thread and PostgreSQL; all workspaces
 * of the process share them, and they end with the process. Rejects if the workspace's definitions have problems. Every
 * function rejects with a TypeError for an option that it does not know, because a filter that nobody reads lets all through.
 */
export async function createCresset(options: CressetOptions = {}): Promise<Cresset> {
  const checked = checkedOptions(options);
  const ask = thread();
  const { id, url, key } = await ask('open', checked);
  return {
    url,
    key,
    async people(...given: readonly unknown[]) {
      takesNothing(given, 'people: it returns everybody who is stored');
      return ask('people', id);
    },
    sent: async (filter = {}) => ask('sent', id, checkedFilter(filter)),
    waitForMessage: async (filter = {}, options = {}) =>
      ask('waitForMessage', id, { filter: checkedFilter(filter), timeoutMs: checkedPatience(options) }),
    clock: { now: () => ask('now', id), advance: (ms) => ask('advance', id, ms) },
    reset: () => ask('reset', id),
    fail: async (fault) => ask('fail', id, checkedFault(fault)),
    lag: (ms) => ask('lag', id, ms),
    close: () => ask('close', id),
  };
}

/**
 * Starts PostgreSQL for several processes, such as those in which a test runner runs files. Give the URL to them as the
 * environment variable CRESSET_TEST_CLUSTER; then their first workspace takes no longer than a further one.
 */
export async function shareDatabase(): Promise<{ url: string; close(): Promise<void> }> {
  const ask = startThread();
  return { url: await ask('shareDatabase'), close: () => ask('stop') };
}

function thread(): Ask {
  running ??= startThread(() => (running = null));
  return running;
}

/** Starts the thread. It keeps the process alive only while somebody waits for an answer. */
function startThread(onEnd: () => void = () => undefined): Ask {
  // The flags of this process, such as the loaders of a test runner, are not for our code.
  const worker = new Worker(moduleBeside(import.meta.url, 'thread'), { execArgv: [] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  let failure = new Error('the thread of cresset/testing has ended');
  const settle = (number: number): PromiseWithResolvers<unknown> | undefined => {
    const call = waiting.get(number);
    waiting.delete(number);
    if (waiting.size === 0) worker.unref();
    return call;
  };
  worker.unref();
  worker.on('message', (reply: Reply) => {
    if ('error' in reply) settle(reply.number)?.reject(rebuilt(reply.error));
    else settle(reply.number)?.resolve(reply.value);
  });
  worker.on('error', (error) => (failure = new Error('the thread of cresset/testing has failed', { cause: error })));
  worker.on('exit', () => {
    onEnd();
    for (const number of [...waiting.keys()]) settle(number)?.reject(failure);
  });
  return async (name, ...args) => {
    calls += 1;
    const call = Promise.withResolvers<unknown>();
    waiting.set(calls, call);
    worker.ref();
    worker.postMessage({ number: calls, name, args } satisfies Call);
    // The thread is ours and answers each call with what `Calls` says.
    return (await call.promise) as ReturnType<Calls[typeof name]>;
  };
}

function rebuilt({ name, message }: { name: string; message: string }): Error {
  return Object.assign(new Error(message), { name });
}

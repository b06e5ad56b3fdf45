import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { moduleBeside } from '../lib/project/module-beside.ts';
import type { FileDrift } from '../workspace/file/plan-file.ts';
import { SecretError } from '../workspace/secrets.ts';
import { StoredSettingsError } from '../workspace/stored-settings.ts';
import type { Ending } from './roles.ts';

export interface PlanThreadData {
  config: Config;
  databaseUrl: string;
  /** Path of the workspace file. */
  path: string;
  /** The variables for `${env:…}`. */
  env: Readonly<Record<string, string | undefined>>;
}

export type FromPlanThread =
  | { kind: 'planned'; drift: FileDrift }
  | { kind: 'failed'; error: { of: 'secret' | 'settings' | 'other'; message: string; code?: string } };

export interface PlanWorker {
  /** What an apply of the file would change, found in a thread that ends with it. Throws as `planFile` does. */
  plan(): Promise<FileDrift>;
  end: Ending;
}

/** Reads a workspace file in a thread of its own, one at a time. */
export function createPlanWorker(data: PlanThreadData): PlanWorker {
  const threads = new Set<Worker>();
  return {
    async plan() {
      const thread = new Worker(moduleBeside(import.meta.url, 'plan-thread'), { workerData: data });
      threads.add(thread);
      try {
        return await answerOf(thread);
      } finally {
        threads.delete(thread);
      }
    },
    async end() {
      await Promise.all([...threads].map((thread) => thread.terminate()));
    },
  };
}

async function answerOf(thread: Worker): Promise<FileDrift> {
  const ended = once(thread, 'exit');
  const answered = once(thread, 'message') as Promise<[FromPlanThread]>;
  const first = await Promise.race([answered, ended.then(() => null)]);
  if (first === null) throw new Error('the thread that reads the workspace file ended without an answer');
  const [answer] = first;
  if (answer.kind === 'planned') return answer.drift;
  throw errorOf(answer.error);
}

function errorOf({ of, message, code }: Extract<FromPlanThread, { kind: 'failed' }>['error']): Error {
  if (of === 'secret') return new SecretError(message);
  if (of === 'settings') return new StoredSettingsError(message);
  return Object.assign(new Error(message), code !== undefined && { code });
}

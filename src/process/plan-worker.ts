import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config.ts';
import { moduleBeside } from '../lib/project/module-beside.ts';
import type { FileDrift } from '../workspace/file/plan-file.ts';
import type { NamesOfFile } from '../workspace/file/server-file.ts';
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

/** What a thread is started for. */
export type PlanThreadTask = PlanThreadData & { wanted: 'drift' | 'names' };

export type FromPlanThread =
  | { kind: 'planned'; drift: FileDrift }
  | { kind: 'named'; names: NamesOfFile }
  | { kind: 'failed'; error: { of: 'secret' | 'settings' | 'other'; message: string; code?: string } };

export interface PlanWorker {
  /** What an apply of the file would change, found in a thread that ends with it. Throws as `planFile` does. */
  plan(): Promise<FileDrift>;
  /** What the file names, found in the same way. */
  names(): Promise<NamesOfFile>;
  end: Ending;
}

/** Reads a workspace file in threads of their own. */
export function createPlanWorker(data: PlanThreadData): PlanWorker {
  const threads = new Set<Worker>();

  async function ask(wanted: PlanThreadTask['wanted']): Promise<FromPlanThread> {
    const workerData: PlanThreadTask = { ...data, wanted };
    const thread = new Worker(moduleBeside(import.meta.url, 'plan-thread'), { workerData });
    threads.add(thread);
    try {
      return await answerOf(thread);
    } finally {
      threads.delete(thread);
    }
  }

  return {
    async plan() {
      const answer = await ask('drift');
      if (answer.kind === 'planned') return answer.drift;
      throw errorOf(answer);
    },
    async names() {
      const answer = await ask('names');
      if (answer.kind === 'named') return answer.names;
      throw errorOf(answer);
    },
    async end() {
      await Promise.all([...threads].map((thread) => thread.terminate()));
    },
  };
}

async function answerOf(thread: Worker): Promise<FromPlanThread> {
  const ended = once(thread, 'exit');
  const answered = once(thread, 'message') as Promise<[FromPlanThread]>;
  const first = await Promise.race([answered, ended.then(() => null)]);
  if (first === null) throw new Error('the thread that reads the workspace file ended without an answer');
  return first[0];
}

function errorOf(answer: FromPlanThread): Error {
  if (answer.kind !== 'failed') return new Error(`the thread that reads the workspace file answered ${answer.kind}`);
  const { of, message, code } = answer.error;
  if (of === 'secret') return new SecretError(message);
  if (of === 'settings') return new StoredSettingsError(message);
  return Object.assign(new Error(message), code !== undefined && { code });
}

// Reads a large workspace file and says what an apply of it would change. The thread that answers requests would do nothing
// else for a second or longer (decision 92).
import { parentPort, workerData } from 'node:worker_threads';
import { planFile } from '../workspace/file/plan-file.ts';
import { readNames } from '../workspace/file/server-file.ts';
import { loadSecret, SecretError } from '../workspace/secrets.ts';
import { StoredSettingsError } from '../workspace/stored-settings.ts';
import { createLog } from './log.ts';
import type { FromPlanThread, PlanThreadTask } from './plan-worker.ts';
import { connectDatabase } from './roles.ts';
import { lowerThreadPriority } from './thread-priority.ts';
import { fileOptions } from './workspace-file.ts';

const { config, databaseUrl, path, env, wanted } = workerData as PlanThreadTask;
const log = createLog(config, 'workspace file');
lowerThreadPriority(log, 'the thread that reads the workspace file');
const answer = await (wanted === 'names' ? names() : drift()).catch(
  (error: unknown): FromPlanThread => ({ kind: 'failed', error: failureOf(error) }),
);
parentPort?.postMessage(answer);

async function names(): Promise<FromPlanThread> {
  return { kind: 'named', names: readNames({ path, env }) };
}

async function drift(): Promise<FromPlanThread> {
  const db = connectDatabase(databaseUrl, log, { max: 1 });
  try {
    const options = fileOptions({ db, config, path, env, secret: loadSecret(config) });
    return { kind: 'planned', drift: await planFile(db, options) };
  } finally {
    await db.close();
  }
}

/** An error loses its class and the driver's members on its way to another thread. */
function failureOf(error: unknown): Extract<FromPlanThread, { kind: 'failed' }>['error'] {
  const of = error instanceof SecretError ? 'secret' : error instanceof StoredSettingsError ? 'settings' : 'other';
  const code: unknown = Object(error).code;
  return {
    of,
    message: error instanceof Error ? error.message : String(error),
    ...(typeof code === 'string' && { code }),
  };
}

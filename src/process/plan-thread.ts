// Reads a large workspace file and says what an apply of it would change. The thread that answers requests would do nothing
// else for a second or longer (decision 92).
import { parentPort, workerData } from 'node:worker_threads';
import { planFile } from '../workspace/file/plan-file.ts';
import { loadSecret, SecretError } from '../workspace/secrets.ts';
import { StoredSettingsError } from '../workspace/stored-settings.ts';
import { createLog } from './log.ts';
import type { FromPlanThread, PlanThreadData } from './plan-worker.ts';
import { connectDatabase } from './roles.ts';
import { lowerThreadPriority } from './thread-priority.ts';
import { fileOptions } from './workspace-file.ts';

const { config, databaseUrl, path, env } = workerData as PlanThreadData;
const log = createLog(config, 'workspace file');
lowerThreadPriority(log, 'the thread that reads the workspace file');
const db = connectDatabase(databaseUrl, log, { max: 1 });
const answer = await planFile(db, fileOptions({ db, config, path, env, secret: loadSecret(config) })).then(
  (drift): FromPlanThread => ({ kind: 'planned', drift }),
  (error: unknown): FromPlanThread => ({ kind: 'failed', error: failureOf(error) }),
);
await db.close();
parentPort?.postMessage(answer);

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

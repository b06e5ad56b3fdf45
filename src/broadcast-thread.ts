// The thread of a server that works on broadcasts, so that neither the API nor messages to named people wait while one goes
// out (decision 25). It shares nothing with the thread that started it but the database, as if it ran elsewhere.
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { BroadcastThreadData } from './broadcast-worker.ts';
import { connectDatabase, createLog, type Ending, endInOrder, startRoles } from './serving.ts';
import { loadSecret } from './workspace/secrets.ts';

/** Below all else that runs here: a broadcast takes what processor is left, a message to one person takes it at once. */
const NICENESS = 5;

const { config, databaseUrl } = workerData as BroadcastThreadData;
const log = createLog(config, 'broadcasts');
giveWay();
const endings: Ending[] = [];
const db = connectDatabase(databaseUrl, log);
endings.push(() => db.close());
await startRoles({ config, log, db, secret: loadSecret(config) }, { api: false, worker: ['broadcast'] }, endings);
parentPort?.once('message', async () => {
  await endInOrder(endings, log);
  parentPort?.close();
});
parentPort?.postMessage('started');

/** Linux alone gives threads a priority of their own; there a thread is asked for by what /proc calls it. */
function giveWay(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), NICENESS);
  } catch (error) {
    log.warn({ err: error }, 'the thread of broadcasts keeps its priority');
  }
}

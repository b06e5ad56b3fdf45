// A thread of a server that works on broadcasts, so that neither the API nor messages to named people wait while one goes
// out, and every processor is used (decision 25). It shares nothing with the other threads but the database, as if it ran
// elsewhere.
import { parentPort, workerData } from 'node:worker_threads';
import { loadSecret } from '../workspace/secrets.ts';
import type { BroadcastThreadData } from './broadcast-worker.ts';
import { connectDatabase, createLog, type Ending, endInOrder, startRoles } from './roles.ts';
import { giveWay, makeGiveWay } from './thread-priority.ts';

/** In each of two pools. It works on a few chunks at a time; more would only wait in the database instead of here. */
const MAX_CONNECTIONS = 10;

const { config, databaseUrl, number } = workerData as BroadcastThreadData;
const log = createLog(config, `broadcasts ${number}`);
giveWay(log);
const endings: Ending[] = [];
// Of the embedded database the processes are ours too.
const onConnect = (processId: number) => makeGiveWay(log, processId);
const db = connectDatabase(databaseUrl, log, {
  max: MAX_CONNECTIONS,
  ...(config.databaseUrl === null && { onConnect }),
});
endings.push(() => db.close());
await startRoles(
  { config, log, db, secret: loadSecret(config) },
  { roles: { api: false, worker: ['broadcast'] }, broadcastThreads: config.broadcastThreads },
  endings,
);
parentPort?.once('message', async () => {
  await endInOrder(endings, log);
  parentPort?.close();
});
parentPort?.postMessage('started');

// The thread of a server that works on broadcasts, so that neither the API nor messages to named people wait while one goes
// out (decision 25). It shares nothing with the thread that started it but the database, as if it ran elsewhere.
import { parentPort, workerData } from 'node:worker_threads';
import type { BroadcastThreadData } from './broadcast-worker.ts';
import { giveWay, makeGiveWay } from './give-way.ts';
import { connectDatabase, createLog, type Ending, endInOrder, startRoles } from './serving.ts';
import { loadSecret } from './workspace/secrets.ts';

const { config, databaseUrl } = workerData as BroadcastThreadData;
const log = createLog(config, 'broadcasts');
giveWay(log);
const endings: Ending[] = [];
// Of the embedded database the processes are ours too.
const onConnect = config.databaseUrl === null ? (processId: number) => makeGiveWay(log, processId) : undefined;
const db = connectDatabase(databaseUrl, log, onConnect);
endings.push(() => db.close());
await startRoles({ config, log, db, secret: loadSecret(config) }, { api: false, worker: ['broadcast'] }, endings);
parentPort?.once('message', async () => {
  await endInOrder(endings, log);
  parentPort?.close();
});
parentPort?.postMessage('started');

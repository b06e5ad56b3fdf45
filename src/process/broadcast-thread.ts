// A server's thread for broadcasts. While one goes out, neither the API nor messages to named people wait, and every
// processor is used (decision 25). It shares the database with the other threads, as if it ran elsewhere, and with those of
// broadcasts the answers to calls of templates (decision 72). The first thread also applies feedback, so that a rush of it
// does not delay messages to named people (decision 60).
import { parentPort, workerData } from 'node:worker_threads';
import { Neighbours } from '../connected-content/neighbours.ts';
import { loadSecret } from '../workspace/secrets.ts';
import type { BroadcastThreadData, ToBroadcastThread } from './broadcast-worker.ts';
import { createLog } from './log.ts';
import { connectDatabase, type Ending, endInOrder, startRoles } from './roles.ts';
import { lowerProcessPriority, lowerThreadPriority } from './thread-priority.ts';

/** Connections in each of two pools. A thread works on a few chunks at a time; more would only wait in the database. */
const MAX_CONNECTIONS = 10;

const { config, databaseUrl, number, links } = workerData as BroadcastThreadData;
const log = createLog(config, `broadcasts ${number}`);
lowerThreadPriority(log, 'the broadcast thread');
const endings: Ending[] = [];
// The embedded database's processes are ours, too.
const onConnect = (processId: number) => lowerProcessPriority(log, processId);
const db = connectDatabase(databaseUrl, log, {
  max: MAX_CONNECTIONS,
  ...(config.databaseUrl === null && { onConnect }),
});
endings.push(() => db.close());
const { meters } = await startRoles(
  { config, log, db, secret: loadSecret(config) },
  {
    roles: { api: false, worker: ['broadcast'] },
    broadcastThreads: config.broadcastThreads,
    neighbours: new Neighbours(links),
    // One is enough, because only one transaction applies feedback at a time.
    appliesFeedback: number === 1,
  },
  endings,
);
parentPort?.on('message', async (message: ToBroadcastThread) => {
  if (message.kind === 'dump') {
    parentPort?.postMessage({ kind: 'dump', number: message.number, dump: await meters.dump() });
    return;
  }
  await endInOrder(endings, log);
  parentPort?.close();
});
parentPort?.postMessage({ kind: 'started' });

import type { Db } from '../db/database.ts';
import { type LaneName, lanes, scheduleLane } from '../dispatch/plan/send-plan.ts';
import { measureBacklog } from '../queue/backlog.ts';
import { isStartingWorker, listServers } from '../queue/servers.ts';
import { isHanging, type LivingWorker, listWorkers } from '../queue/workers.ts';
import type { Finding } from './finding.ts';

/** Counting what waits stops here. */
const MOST_TASKS = 1_000_000;

/** The lanes, each by what waits in it and with the lane of its workers. Schedules are fired by those of `named`. */
const queues: readonly { lane: number; workers: LaneName; what: string }[] = [
  { lane: lanes.named, workers: 'named', what: 'messages to named people' },
  { lane: lanes.broadcast, workers: 'broadcast', what: 'broadcasts' },
  { lane: scheduleLane, workers: 'named', what: 'schedules' },
];

/** Looks whether what is due is being done. */
export async function lookAtWork(db: Db): Promise<Finding[]> {
  const workers = await listWorkers(db);
  const findings = workers.filter(isHanging).map(hanging);
  if ((await listServers(db)).some(isStartingWorker)) return findings;
  const now = new Date();
  for (const { lane, workers: needed, what } of queues) {
    if (workers.some(({ lanes: its }) => its === 'all' || its === needed)) continue;
    const { tasks, ageMs } = await measureBacklog(db, { lane, now, mostTasks: MOST_TASKS });
    if (ageMs === 0) continue;
    findings.push({
      ...{ area: 'work', subject: null, problem: `${what} wait, and no worker of the lane "${needed}" runs` },
      known: `pg_stat_activity has no session of such a worker; ${tasks} ${tasks === 1 ? 'task waits' : 'tasks wait'}, the oldest for ${Math.floor(ageMs / 1_000)} s`,
      mend: 'Start a server with the role worker (CRESSET_ROLES), on this database.',
    });
  }
  return findings;
}

function hanging({ id, silentMs, process }: LivingWorker): Finding {
  const where = process === null ? '' : ` (process ${process.processId} on ${process.host})`;
  return {
    ...{ area: 'work', subject: `worker ${id}`, problem: 'it hangs' },
    known: `its session has given no sign of life for ${Math.floor(silentMs / 1_000)} s`,
    mend: `End its process${where} and start it again: others take over what it has in hand.`,
  };
}

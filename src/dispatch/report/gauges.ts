import type { Database } from '../../db/database.ts';
import type { Gauge } from '../../metrics/gauge.ts';
import { measureBacklog } from '../../queue/backlog.ts';
import { isHanging, type LivingWorker, listWorkers } from '../../queue/workers.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { standingPauses } from '../pauses/pauses-store.ts';
import { appSubject, groupSubject, relayChannels, relaySubject, relaysOf, type Subject } from '../pauses/subject.ts';
import { type LaneName, lanes } from '../plan/send-plan.ts';

/** Counting the tasks of a lane stops here, so that asking stays cheap. */
const MOST_TASKS = 100_000;

const laneNames = Object.keys(lanes) as LaneName[];

/** What all servers share, as numbers of this moment. Pauses are those of the workspace. */
export async function readGauges(db: Database, workspace: WorkspaceCatalog, now: Date): Promise<Gauge[]> {
  const backlogs = await Promise.all(
    laneNames.map(async (lane) => ({
      lane,
      ...(await measureBacklog(db, { lane: lanes[lane], now, mostTasks: MOST_TASKS })),
    })),
  );
  const workers = await listWorkers(db);
  return [
    {
      name: 'cresset_queue_tasks',
      help: `Pieces of work that wait, of all servers. Counting stops at ${MOST_TASKS}.`,
      values: backlogs.map(({ lane, tasks }) => ({ labels: { lane }, value: tasks })),
    },
    {
      name: 'cresset_queue_oldest_seconds',
      help: 'How long the oldest due piece of work has waited for a worker.',
      values: backlogs.map(({ lane, ageMs }) => ({ labels: { lane }, value: ageMs / 1_000 })),
    },
    {
      name: 'cresset_workers',
      help: 'Workers that are alive and have not hung for 15 s, of all servers.',
      values: laneNames.map((lane) => ({ labels: { lane }, value: countWorkers(workers, lane) })),
    },
    {
      name: 'cresset_breaker_open',
      help: '1: this app, subscription group or mail relay is paused, and its messages wait.',
      values: await pausesOf(db, workspace, now),
    },
    {
      name: 'cresset_database_refuses_writes',
      help: '1: the database refuses what writes.',
      values: [{ labels: {}, value: db.refusal() === null ? 0 : 1 }],
    },
  ];
}

/** The workers that work on a lane. Those that hang do not. */
export function countWorkers(workers: readonly Pick<LivingWorker, 'lanes' | 'silentMs'>[], lane: LaneName): number {
  return workers.filter((one) => (one.lanes === 'all' || one.lanes === lane) && !isHanging(one)).length;
}

async function pausesOf(db: Database, workspace: WorkspaceCatalog, now: Date): Promise<Gauge['values']> {
  const paused = new Set((await standingPauses(db, workspace.id, now)).map(({ subject }) => subject));
  const stateOf = (kind: string, name: string, subject: Subject) => ({
    labels: { kind, name },
    value: paused.has(subject) ? 1 : 0,
  });
  const groups = [...workspace.subscriptionGroups.values()].filter(({ provider }) => provider !== undefined);
  const apps = [...workspace.apps.values()].filter(({ provider }) => provider !== undefined);
  const relays = relayChannels.flatMap((channel) => relaysOf(workspace, channel));
  return [
    ...apps.map(({ id, name }) => stateOf('app', name, appSubject(id))),
    ...groups.map(({ id, name }) => stateOf('group', name, groupSubject(id))),
    ...relays.map(({ name }) => stateOf('relay', name, relaySubject(name))),
  ];
}

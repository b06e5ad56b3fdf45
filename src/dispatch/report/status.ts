import { askVersion } from '../../db/ask-version.ts';
import type { Database } from '../../db/database.ts';
import { measureBacklog } from '../../queue/backlog.ts';
import { type LivingWorker, listWorkers } from '../../queue/workers.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { explanationOf, listPauses } from '../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, type Subject } from '../pauses/subject.ts';
import { type LaneName, lanes } from '../plan/send-plan.ts';

/** Counting the tasks of a lane stops here. */
const MOST_TASKS = 1_000_000;
/** A worker gives a sign of life every 2.5 s. After this time without one it is said to hang, in milliseconds. */
const HANGING_MS = 15_000;

const laneNames = Object.keys(lanes) as LaneName[];

/**
 * The workers of all servers, what waits in each lane, and one sentence for each problem that keeps this workspace's
 * messages from going out. Only reads, so it also answers while the database refuses writes.
 */
export async function describeStatus(
  db: Database,
  { id, apps, subscriptionGroups }: Pick<WorkspaceCatalog, 'id' | 'apps' | 'subscriptionGroups'>,
  now: Date,
): Promise<object> {
  await askVersion(db);
  const workers = await listWorkers(db);
  const pauses = (await listPauses(db)).filter((pause) => pause.workspaceId === id);
  const queue: Partial<Record<LaneName, object>> = {};
  for (const name of laneNames) {
    const { tasks, ageMs } = await measureBacklog(db, { lane: lanes[name], now, mostTasks: MOST_TASKS });
    queue[name] = { tasks, oldest_waiting_s: Math.floor(ageMs / 1_000) };
  }
  const nameOf = (subject: Subject) =>
    (apps.get(appIdOf(subject) ?? '') ?? subscriptionGroups.get(groupIdOf(subject) ?? ''))?.name;
  const refusal = db.refusal();
  return {
    workers: workers.map(describeWorker),
    queue,
    problems: [
      ...(refusal === null ? [] : [`the database ${refusal.said}: what writes is refused or waits`]),
      ...laneNames.flatMap((name) => problemOfLane(name, workers)),
      ...workers.flatMap(problemOfWorker),
      ...pauses.map((pause) => explanationOf(pause, nameOf(pause.subject))),
    ],
  };
}

function describeWorker({ id, lanes: of, since, lastSeenAt, tasks }: LivingWorker): object {
  return { id, lanes: lanesOf(of), since, last_seen_at: lastSeenAt, tasks_in_hand: tasks };
}

function lanesOf(lane: string): LaneName[] {
  return laneNames.filter((name) => lane === 'all' || lane === name);
}

function problemOfLane(name: LaneName, workers: readonly LivingWorker[]): string[] {
  if (workers.some((worker) => lanesOf(worker.lanes).includes(name))) return [];
  return [`no worker of the lane "${name}" is running: what is accepted waits`];
}

function problemOfWorker({ id, silentMs }: LivingWorker): string[] {
  if (silentMs < HANGING_MS) return [];
  return [`worker ${id} has given no sign of life for ${Math.floor(silentMs / 1_000)} s`];
}

import { askVersion } from '../../db/ask-version.ts';
import type { Database } from '../../db/database.ts';
import { problemsOfDeliveries } from '../../feedback/out/deliveries.ts';
import { measureBacklog } from '../../queue/backlog.ts';
import { type LivingWorker, listWorkers } from '../../queue/workers.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../workspace/watch-catalog.ts';
import { explanationOf, listPauses } from '../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, type Subject } from '../pauses/subject.ts';
import { type LaneName, lanes } from '../plan/send-plan.ts';
import { noWorker } from './waits.ts';

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
  { now, catalogTrouble }: { now: Date; catalogTrouble: CatalogTrouble | null },
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
  const ofEvents = await problemsOfDeliveries(db, id);
  const refusal = db.refusal();
  return {
    workers: workers.map(describeWorker),
    queue,
    problems: [
      ...(refusal === null ? [] : [`the database ${refusal.said}: what writes is refused or waits`]),
      ...(catalogTrouble === null ? [] : [problemOfCatalog(catalogTrouble)]),
      ...laneNames.flatMap((name) => problemOfLane(name, workers)),
      ...workers.flatMap(problemOfWorker),
      ...pauses.map((pause) => explanationOf(pause, nameOf(pause.subject))),
      ...ofEvents,
    ],
  };
}

function describeWorker({ id, lanes: of, since, lastSeenAt, tasks, process }: LivingWorker): object {
  const known = process && {
    host: process.host,
    process_id: process.processId,
    version: process.version,
    started_at: process.startedAt,
  };
  return { id, ...known, lanes: lanesOf(of), since, last_seen_at: lastSeenAt, tasks_in_hand: tasks };
}

function problemOfCatalog({ said, since }: CatalogTrouble): string {
  return `this server uses the definitions from before ${since.toISOString()}, because it cannot use the newer ones: ${said}`;
}

function lanesOf(lane: string): LaneName[] {
  return laneNames.filter((name) => lane === 'all' || lane === name);
}

function problemOfLane(name: LaneName, workers: readonly LivingWorker[]): string[] {
  if (workers.some((worker) => lanesOf(worker.lanes).includes(name))) return [];
  return [noWorker(name)];
}

function problemOfWorker({ id, silentMs, process }: LivingWorker): string[] {
  if (silentMs < HANGING_MS) return [];
  const where = process === null ? '' : ` (process ${process.processId} on ${process.host})`;
  return [`worker ${id}${where} has given no sign of life for ${Math.floor(silentMs / 1_000)} s`];
}

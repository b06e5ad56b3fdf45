import type { Database, Db } from '../../db/database.ts';
import { askVersion } from '../../db/schema/ask-version.ts';
import { problemsOfDeliveries } from '../../feedback/out/deliveries.ts';
import { type Backlog, measureBacklog } from '../../queue/backlog.ts';
import { isStartingWorker, listServers, type RunningServer, serverHost } from '../../queue/servers.ts';
import { isHanging, type LivingWorker, listWorkers } from '../../queue/workers.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../workspace/watch-catalog.ts';
import { busyAccounts } from '../accounts/busy-accounts.ts';
import { countRestored, restoredProblem } from '../ledger/dispatches/restored.ts';
import { explanationOf, standingPauses } from '../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, type Subject, waitFor } from '../pauses/subject.ts';
import { type LaneName, lanes } from '../plan/send-plan.ts';
import { countWaiting, hasTasks, type WaitingFor } from './waits/waiting.ts';
import { noWorker, startingWorker } from './waits/waits.ts';

/** Counting the tasks of a lane stops here. */
const MOST_TASKS = 1_000_000;

const nothingWaits = { waiting: new Map<string, WaitingFor>(), isAll: true };
const whatIn = { named: 'to named people', broadcast: 'broadcasts' } satisfies Record<LaneName, string>;
const laneNames = Object.keys(lanes) as LaneName[];

export interface StatusOptions {
  now: Date;
  catalogTrouble: CatalogTrouble | null;
  /** From when on the server that answers refuses requests. 0: never. */
  limits: Readonly<Record<LaneName, { maxTasks: number; maxAgeMs: number }>>;
  /** Why the server that answers refuses requests for a lane with this backlog. null: it does not. */
  problemOfQueue(lane: LaneName, backlog: Backlog): string | null;
  /** Whom the server that answers refused of late because they came too often: one sentence each. */
  callers: readonly string[];
}

type StatusOf = Pick<WorkspaceCatalog, 'id' | 'apps' | 'subscriptionGroups'>;

/**
 * The servers and workers, what waits in each lane, and one sentence for each problem that keeps this workspace's
 * messages from going out, and for each limit of our own (`waits`). Only reads, so it also answers while the database refuses writes.
 */
export async function describeStatus(
  db: Database,
  workspace: StatusOf,
  { now, catalogTrouble, limits, problemOfQueue, callers }: StatusOptions,
): Promise<object> {
  const { id, apps, subscriptionGroups } = workspace;
  await askVersion(db);
  const workers = await listWorkers(db);
  const pauses = await standingPauses(db, id, now);
  const { waiting, isAll } = pauses.length === 0 ? nothingWaits : await countWaiting(db, id);
  const queue: Partial<Record<LaneName, object>> = {};
  const ofQueues: string[] = [];
  for (const name of laneNames) {
    const backlog = await measureBacklog(db, { lane: lanes[name], now, mostTasks: MOST_TASKS });
    const { maxTasks, maxAgeMs } = limits[name];
    queue[name] = {
      tasks: backlog.tasks,
      oldest_waiting_s: Math.floor(backlog.ageMs / 1_000),
      most_tasks: maxTasks || null,
      longest_wait_s: maxAgeMs === 0 ? null : maxAgeMs / 1_000,
    };
    const problem = problemOfQueue(name, backlog);
    if (problem !== null) ofQueues.push(`requests to send are answered 503 (${whatIn[name]}): ${problem}`);
  }
  const nameOf = (subject: Subject) =>
    (apps.get(appIdOf(subject) ?? '') ?? subscriptionGroups.get(groupIdOf(subject) ?? ''))?.name;
  const ofEvents = await problemsOfDeliveries(db, id);
  const refusal = db.refusal();
  const servers = await listServers(db);
  const missing = laneNames.filter((name) => !workers.some((worker) => lanesOf(worker.lanes).includes(name)));
  const isStarting = servers.some(isStartingWorker);
  const restored = await countRestored(db, id);
  return {
    servers: servers.map(describeServer),
    workers: workers.map(describeWorker),
    queue,
    waits: [...missing.filter(() => isStarting).map(startingWorker), ...(await quotaWaits(db, workspace, now))],
    problems: [
      ...(refusal === null ? [] : [`the database ${refusal.said}: what writes is refused or waits`]),
      ...(catalogTrouble === null ? [] : [problemOfCatalog(catalogTrouble)]),
      ...missing.filter(() => !isStarting).map(noWorker),
      ...workers.flatMap(problemOfWorker),
      ...ofQueues,
      ...pauses.map(
        (pause) =>
          `${explanationOf(pause, nameOf(pause.subject))}; since ${pause.since.toISOString()}; ${saidOf(waiting.get(waitFor(pause.subject)), isAll)}`,
      ),
      ...(restored === null ? [] : [restoredProblem(restored)]),
      ...ofEvents,
      ...callers,
    ],
  };
}

/** What waits is counted up to a limit, and then said to be the least. */
function saidOf(waiting: WaitingFor | undefined, isAll: boolean): string {
  if (waiting === undefined) return isAll ? 'no dispatch waits for it' : 'not all that waits was counted';
  const { dispatches, people } = waiting;
  const what = dispatches === 1 ? '1 unfinished dispatch' : `${dispatches} unfinished dispatches`;
  const whom = people === 1 ? '1 person' : `${people} people`;
  return `${isAll ? '' : 'at least '}${what} (${whom}) wait${dispatches === 1 ? 's' : ''} for it`;
}

function describeServer({ host, processId, roles, since }: RunningServer): object {
  const answers = host === serverHost() && processId === process.pid;
  return { host, process_id: processId, roles, since, ...(answers && { answers: true }) };
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

/** One sentence for each account that is called as often as the workspace file allows, while the workspace has work. */
async function quotaWaits(db: Db, workspace: StatusOf, now: Date): Promise<string[]> {
  const busy = await busyAccounts(db, workspace, now);
  if (busy.length === 0 || !(await hasTasks(db, workspace.id))) return [];
  return busy.map(({ said }) => `${said}; what waits goes out at this pace`);
}

function problemOfWorker(worker: LivingWorker): string[] {
  if (!isHanging(worker)) return [];
  const { id, silentMs, process } = worker;
  const where = process === null ? '' : ` (process ${process.processId} on ${process.host})`;
  return [`worker ${id}${where} has given no sign of life for ${Math.floor(silentMs / 1_000)} s`];
}

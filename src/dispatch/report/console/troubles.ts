import { INTERNAL_ERROR, OUR_ERROR } from '../../../channels/outcome.ts';
import type { Database, Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import { problemsOfDeliveries } from '../../../feedback/out/deliveries.ts';
import { undashed } from '../../../lib/uuid.ts';
import { measureBacklog } from '../../../queue/backlog.ts';
import { isStartingWorker, listServers } from '../../../queue/servers.ts';
import { listWorkers } from '../../../queue/workers.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { CatalogTrouble } from '../../../workspace/watch-catalog.ts';
import { countRestored } from '../../ledger/dispatches/restored.ts';
import { type Pause, standingPauses } from '../../pauses/pauses-store.ts';
import { appIdOf, groupIdOf, relayChannels, relaySubject, relaysOf, waitFor } from '../../pauses/subject.ts';
import { type LaneName, lanes } from '../../plan/send-plan.ts';
import { countWaiting, type WaitingFor } from '../waits/waiting.ts';
import { noWorker } from '../waits/waits.ts';

/** Something that is wrong at present. `red`: somebody does not get a message. `amber`: nobody is kept from one yet. */
export interface Trouble {
  severity: 'red' | 'amber';
  /** What it is about, such as `app`, with its id or name. */
  subject: { kind: TroubleKind; id: string | null; name: string | null };
  /** One sentence, which names who does what. */
  title: string;
  /** What it means, and the other side's own word. */
  detail: string;
  /** When it began. null: not known. */
  since: Date | null;
  /** Unfinished dispatches that wait for it, and all their people. null: nothing is known to wait. */
  waiting: WaitingFor | null;
  /** When it is tried again. null: nothing is tried. */
  next_try_at: Date | null;
}
type TroubleKind =
  | 'app'
  | 'group'
  | 'relay'
  | 'database'
  | 'definitions'
  | 'workers'
  | 'queue'
  | 'events'
  | 'callers'
  | 'dispatch';

export interface TroublesOptions {
  now: Date;
  catalogTrouble: CatalogTrouble | null;
  /** Whom the server that answers refused of late because they came too often: one sentence each. */
  callers: readonly { said: string; isQuota: boolean }[];
}

/** The named lane should never be this late, in milliseconds. */
const NAMED_LATE_MS = 60_000;
/** A worker gives a sign of life every 2.5 s. After this time without one it is said to hang, in milliseconds. */
const HANGING_MS = 15_000;
/** Tasks of a lane that are counted. */
const MOST_TASKS = 100_000;
/** A dispatch that failed stays on the list for this time, in milliseconds. */
const FAILED_FOR_MS = 24 * 3_600_000;
const MOST_FAILED = 5;

/** Everything that is wrong with a workspace now, the worst first. Only reads. */
export async function listTroubles(
  db: Database,
  workspace: WorkspaceCatalog,
  { now, catalogTrouble, callers }: TroublesOptions,
): Promise<Trouble[]> {
  const pauses = await standingPauses(db, workspace.id, now);
  const { waiting } =
    pauses.length === 0 ? { waiting: new Map<string, WaitingFor>() } : await countWaiting(db, workspace.id);
  const troubles = [
    ...ofDatabase(db),
    ...pauses.map((pause) => ofPause(pause, workspace, { pauses, waiting })),
    ...(await ofWorkers(db)),
    ...(await ofQueue(db, now)),
    ...(await ofRestored(db, workspace.id)),
    ...(await ofFailed(db, workspace.id, now)),
    ...(catalogTrouble === null ? [] : [ofCatalog(catalogTrouble)]),
    ...(await problemsOfDeliveries(db, workspace.id)).map((said) =>
      plain('amber', 'events', 'Events do not reach a reader', said),
    ),
    ...callers.map(({ said, isQuota }) =>
      isQuota
        ? plain('red', 'callers', 'A quota of the workspace is used up', said)
        : plain('amber', 'callers', 'A key comes too often and gets 429', said),
    ),
  ];
  return troubles.sort((one, other) => rank(one) - rank(other));
}

/** The trouble of the database, by what this process knows: nothing is read. */
export function ofDatabase(db: Pick<Database, 'refusal'>): Trouble[] {
  const refusal = db.refusal();
  if (refusal === null) return [];
  return [plain('red', 'database', `The database ${refusal.said}`, 'What writes is refused or waits.')];
}

function rank({ severity }: Trouble): number {
  return severity === 'red' ? 0 : 1;
}

function plain(severity: Trouble['severity'], kind: TroubleKind, title: string, detail: string): Trouble {
  const subject = { kind, id: null, name: null };
  return { severity, subject, title, detail, since: null, waiting: null, next_try_at: null };
}

const does = {
  config_error: 'does not accept our settings',
  guard: 'called so many tokens bad that it is not believed',
  slow_down: 'wants nothing for a while',
  unreachable: 'does not answer',
} as const;

function ofPause(
  pause: Pause,
  workspace: WorkspaceCatalog,
  { pauses, waiting }: { pauses: readonly Pause[]; waiting: ReadonlyMap<string, WaitingFor> },
): Trouble {
  const { subject, cause, reason, since, probeAt } = pause;
  const app = workspace.apps.get(appIdOf(subject) ?? '');
  const group = workspace.subscriptionGroups.get(groupIdOf(subject) ?? '');
  const common = { since, waiting: waiting.get(waitFor(subject)) ?? null, next_try_at: probeAt };
  const said = `The other side says: ${reason}`;
  if (subject.startsWith('relay ')) return { ...ofRelay(pause, workspace, pauses), ...common };
  const id = appIdOf(subject) ?? groupIdOf(subject);
  const name = app?.name ?? group?.name ?? null;
  const kind = appIdOf(subject) === null ? 'group' : 'app';
  const why = reason === INTERNAL_ERROR ? `cannot be called (${OUR_ERROR})` : does[cause];
  const title = `The provider of ${name ?? id} ${why}: no message goes out by it`;
  return { severity: 'red', subject: { kind, id, name }, title, detail: said, ...common };
}

/** Mails go out while one relay works. */
function ofRelay(
  { subject, cause, reason }: Pause,
  workspace: WorkspaceCatalog,
  pauses: readonly Pause[],
): Pick<Trouble, 'severity' | 'subject' | 'title' | 'detail'> {
  const relays = relayChannels.flatMap((channel) => relaysOf(workspace, channel));
  const isPaused = (name: string) => pauses.some((one) => one.subject === relaySubject(name));
  const working = relays.filter(({ name }) => !isPaused(name)).map(({ name }) => name);
  const name = subject.slice('relay '.length);
  const way = working.length === 0 ? 'no mail goes out' : `${working.join(', ')} sends all mail`;
  return {
    severity: working.length === 0 ? 'red' : 'amber',
    subject: { kind: 'relay', id: name, name },
    title: `Relay ${name} ${does[cause]}; ${way}`,
    detail: `The relay says: ${reason}`,
  };
}

async function ofWorkers(db: Db): Promise<Trouble[]> {
  const workers = await listWorkers(db);
  const covers = (lane: string, name: LaneName) => lane === 'all' || lane === name;
  const names = Object.keys(lanes) as LaneName[];
  const isStarting = (await listServers(db)).some(isStartingWorker);
  const missing = names.filter((name) => !isStarting && !workers.some((worker) => covers(worker.lanes, name)));
  const hanging = workers.filter(({ silentMs }) => silentMs >= HANGING_MS);
  return [
    ...missing.map((name) => plain('red', 'workers', 'No worker runs', noWorker(name))),
    ...hanging.map(({ id, lastSeenAt }) => ({
      ...plain(
        'amber',
        'workers',
        'A worker gives no sign of life',
        `Worker ${id} was heard of last at the time given.`,
      ),
      since: lastSeenAt,
    })),
  ];
}

async function ofQueue(db: Db, now: Date): Promise<Trouble[]> {
  const { tasks, ageMs } = await measureBacklog(db, { lane: lanes.named, now, mostTasks: MOST_TASKS });
  if (ageMs < NAMED_LATE_MS) return [];
  const detail = `${tasks === MOST_TASKS ? 'At least ' : ''}${tasks} pieces of work wait in the lane of named people.`;
  const since = new Date(now.getTime() - ageMs);
  return [{ ...plain('red', 'queue', 'Messages to named people are late', detail), since }];
}

async function ofFailed(db: Db, workspaceId: number, now: Date): Promise<Trouble[]> {
  const rows = await db.query<{ id: string; failure: string | null; finished_at: Date | null }>(sql`
    select id, failure, finished_at
      from dispatches
     where workspace_id = ${workspaceId} and state = 'failed'
           and accepted_at >= ${new Date(now.getTime() - FAILED_FOR_MS)}
     order by accepted_at desc
     limit ${MOST_FAILED}`);
  return rows.map(({ id, failure, finished_at }) => ({
    ...plain('red', 'dispatch', 'A dispatch failed: nobody gets it', failure ?? 'No reason was recorded.'),
    subject: { kind: 'dispatch' as const, id: undashed(id), name: null },
    since: finished_at,
  }));
}

async function ofRestored(db: Db, workspaceId: number): Promise<Trouble[]> {
  const restored = await countRestored(db, workspaceId);
  if (restored === null) return [];
  const { dispatches, people, said } = restored;
  const title = `${dispatches === 1 ? '1 dispatch is' : `${dispatches} dispatches are`} paused since a backup was restored`;
  return [{ ...plain('red', 'dispatch', title, said), ...(people !== null && { waiting: { dispatches, people } }) }];
}

function ofCatalog({ said, since }: CatalogTrouble): Trouble {
  const title = 'This server cannot use the newest definitions';
  return { ...plain('amber', 'definitions', title, `It goes on with those from before: ${said}`), since };
}

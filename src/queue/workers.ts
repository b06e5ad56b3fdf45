import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

const PREFIX = 'cresset worker ';
const NAME_LENGTH = 36;

/**
 * The application name of a worker's database session, which shows other workers that it lives. It ends with the lanes,
 * as PostgreSQL cuts names after 63 bytes: `named`, `broadcast` or `all`.
 */
export function sessionNameOf(worker: string, lanes: readonly string[] = []): string {
  const suffix = lanes.length > 1 ? 'all' : lanes.join('');
  return `${PREFIX}${worker} ${suffix}`.trimEnd();
}

/** Fragment: the workers whose sessions exist, as texts. */
export const livingWorkers = sql`
  select substr(application_name, ${PREFIX.length + 1}, ${NAME_LENGTH})
    from pg_stat_activity
   where starts_with(application_name, ${PREFIX})`;

/** A worker gives a sign of life every 2.5 s. After this time without one it is said to hang, in milliseconds. */
const HANGING_MS = 15_000;

/** True: the worker has a session, but has given no sign of life for long. */
export function isHanging({ silentMs }: Pick<LivingWorker, 'silentMs'>): boolean {
  return silentMs >= HANGING_MS;
}

/** Whether a worker of this lane is alive. `lane`: `named` or `broadcast`. */
export async function hasWorker(db: Db, lane: string): Promise<boolean> {
  const { alive } = await db.one<{ alive: boolean }>(sql`
    select exists (select from pg_stat_activity
                    where starts_with(application_name, ${PREFIX}) and datname = current_database()
                      and substr(application_name, ${PREFIX.length + NAME_LENGTH + 2}) in ('all', ${lane})) as alive`);
  return alive;
}

/** A worker with a session in the database. */
export interface LivingWorker {
  id: string;
  /** `named`, `broadcast` or `all`. */
  lanes: string;
  since: Date;
  /** When it last gave a sign of life over its session, by the database's clock. */
  lastSeenAt: Date;
  /** Milliseconds since then. */
  silentMs: number;
  /** Number of tasks that it holds. */
  tasks: number;
  /** null: it has not said yet. */
  process: WorkerProcess | null;
}

/** The process that a worker runs in. */
export interface WorkerProcess {
  host: string;
  processId: number;
  /** Cresset's version. */
  version: string;
  startedAt: Date;
}

/** Says which process a living worker is, and forgets workers that died long ago. It may be repeated. */
export async function introduceWorker(
  db: Db,
  id: string,
  { host, processId, version, startedAt }: WorkerProcess,
): Promise<void> {
  await db.run(sql`
    insert into workers (id, host, process_id, version, started_at)
    values (${id}, ${host}, ${processId}, ${version}, ${startedAt})
    on conflict (id) do nothing`);
  await db.run(sql`
    delete from workers
     where started_at < now() - interval '1 day' and id::text not in (${livingWorkers})`);
}

/** A worker that holds tasks. */
export interface Holder {
  id: string;
  hasSession: boolean;
  /** Where it runs. null: it has not said. */
  host: string | null;
  processId: number | null;
}

/** The workers that hold tasks, alive or not. */
export function listHolders(db: Db): Promise<Holder[]> {
  return db.query<Holder & Record<string, unknown>>(sql`
    select h.worker as id, h.worker::text in (${livingWorkers}) as "hasSession", w.host, w.process_id as "processId"
      from (select distinct worker from tasks where worker is not null) as h
      left join workers w on w.id = h.worker`);
}

/** Forgets a worker that has stopped. */
export async function dismissWorker(db: Db, id: string): Promise<void> {
  await db.run(sql`delete from workers where id = ${id}`);
}

/** The workers of this database, oldest first. Only reads, so it also works while the database refuses writes. */
export async function listWorkers(db: Db): Promise<LivingWorker[]> {
  const rows = await db.query<
    Omit<LivingWorker, 'process'> & { [K in keyof WorkerProcess]: WorkerProcess[K] | null }
  >(sql`
    select w.host, w.process_id as "processId", w.version, w.started_at as "startedAt",
           s.id, s.lanes, s.since, s.seen as "lastSeenAt",
           greatest(0, extract(epoch from clock_timestamp() - s.seen) * 1000)::bigint as "silentMs",
           (select count(*) from tasks where worker::text = s.id) as tasks
      from (select substr(application_name, ${PREFIX.length + 1}, ${NAME_LENGTH}) as id,
                   substr(application_name, ${PREFIX.length + NAME_LENGTH + 2}) as lanes,
                   backend_start as since, state_change as seen
              from pg_stat_activity
             where starts_with(application_name, ${PREFIX}) and datname = current_database()) as s
      left join workers w on w.id::text = s.id
     order by s.since, s.id`);
  return rows.map(({ host, processId, version, startedAt, ...worker }) => {
    const isKnown = host !== null && processId !== null && version !== null && startedAt !== null;
    return { ...worker, process: isKnown ? { host, processId, version, startedAt } : null };
  });
}

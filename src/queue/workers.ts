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
}

/** The workers of this database, oldest first. Only reads, so it also works while the database refuses writes. */
export async function listWorkers(db: Db): Promise<LivingWorker[]> {
  return db.query<LivingWorker & Record<string, unknown>>(sql`
    select s.id, s.lanes, s.since, s.seen as "lastSeenAt",
           greatest(0, extract(epoch from clock_timestamp() - s.seen) * 1000)::bigint as "silentMs",
           (select count(*) from tasks where worker::text = s.id) as tasks
      from (select substr(application_name, ${PREFIX.length + 1}, ${NAME_LENGTH}) as id,
                   substr(application_name, ${PREFIX.length + NAME_LENGTH + 2}) as lanes,
                   backend_start as since, state_change as seen
              from pg_stat_activity
             where starts_with(application_name, ${PREFIX}) and datname = current_database()) as s
     order by s.since, s.id`);
}

import { hostname } from 'node:os';
import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';

const PREFIX = 'cresset server ';
/** PostgreSQL cuts names of sessions after 63 bytes. */
const LONGEST_HOST = 30;

/** A process that serves or works, with a session in the database. */
export interface RunningServer {
  /** At most 30 characters; those that PostgreSQL does not keep in names are `?`. */
  host: string;
  processId: number;
  roles: string[];
  /** When it connected. */
  since: Date;
  /** Milliseconds since then, by the database's clock. */
  ageMs: number;
}

/** A worker may take this long from the start of its process until it works, in milliseconds. */
const STARTING_MS = 15_000;

/** Whether the workers of a process may not have begun yet, because it was just started. */
export function isStartingWorker({ roles, ageMs }: Pick<RunningServer, 'roles' | 'ageMs'>): boolean {
  return roles.includes('worker') && ageMs < STARTING_MS;
}

/** This machine's name as it stands in names of sessions. */
export function serverHost(): string {
  return hostname()
    .replace(/[^!-~]/g, '?')
    .slice(0, LONGEST_HOST);
}

/** The application name of the one session by which a process shows that it runs: its roles, its id and its host. */
export function serverSessionName(roles: readonly string[]): string {
  return `${PREFIX}${roles.join('+') || '-'} ${process.pid} ${serverHost()}`;
}

/** The processes of this database, oldest first. */
export async function listServers(db: Db): Promise<RunningServer[]> {
  const rows = await db.query<{ name: string; since: Date; ageMs: number }>(sql`
    select application_name as name, backend_start as since,
           (extract(epoch from clock_timestamp() - backend_start) * 1000)::double precision as "ageMs"
      from pg_stat_activity
     where starts_with(application_name, ${PREFIX}) and datname = current_database()
     order by backend_start, pid`);
  return rows.flatMap(({ name, since, ageMs }) => {
    const [roles = '', processId = '', host = ''] = name.slice(PREFIX.length).split(' ');
    return [
      { host, processId: Number(processId), roles: roles.split('+').filter((role) => role !== '-'), since, ageMs },
    ];
  });
}

import type { Db } from '../db/database.ts';
import { ourMigrations, ranMigrations } from '../db/schema/migrations.ts';
import { OLDEST_MAJOR, versionText } from '../db/schema/version.ts';
import { sql } from '../db/sql.ts';
import type { Finding } from './finding.ts';

const MOST_SKEW_MS = 2_000;
const LONG_TRANSACTION_S = 3_600;
/** Share of the connections that may be in use. */
const MOST_IN_USE = 0.8;
/** Dead rows of a table that are no sign of anything. */
const FEW_DEAD_ROWS = 1_000_000;
/** Transactions until PostgreSQL stops writing are 2,100 million; it should have acted long before this many are used. */
const MOST_XID_AGE = 1_000_000_000;

/** What the servers of an installation need of their database. */
export interface DatabaseNeeds {
  /** Connections of one server with all roles, at most. */
  connections: number;
}

/** Looks whether this version can work with a database at all. */
export async function lookAtSchema(db: Db): Promise<Finding[]> {
  const version = await lookAtVersion(db);
  return version.length > 0 ? version : lookAtMigrations(db);
}

/** Looks at a database whose schema this version reads. */
export async function lookAtDatabase(db: Db, needs: DatabaseNeeds): Promise<Finding[]> {
  const looks = [lookAtRights, lookAtWrites, lookAtVacuum, lookAtTransactions];
  const findings: Finding[] = [];
  for (const look of looks) findings.push(...(await look(db)));
  return [...findings, ...(await lookAtConnections(db, needs))];
}

function found(problem: string, known: string, mend: string): Finding {
  return { area: 'database', subject: null, problem, known, mend };
}

async function lookAtVersion(db: Db): Promise<Finding[]> {
  const { number, encoding } = await db.one<{ number: number; encoding: string }>(sql`
    select current_setting('server_version_num')::integer as number, current_setting('server_encoding') as encoding`);
  if (number < OLDEST_MAJOR * 10_000)
    return [
      found(
        `PostgreSQL ${versionText(number)} is too old`,
        'server_version_num',
        `Upgrade it to ${OLDEST_MAJOR} or newer, or name another one with DATABASE_URL.`,
      ),
    ];
  if (encoding !== 'UTF8')
    return [found(`its encoding is ${encoding}`, 'server_encoding', 'Make a database with the encoding UTF8.')];
  return [];
}

async function lookAtMigrations(db: Db): Promise<Finding[]> {
  const ran = await ranMigrations(db);
  const ours = ourMigrations();
  if (ran === null)
    return [
      found(
        'it holds nothing of Cresset',
        'it has no table schema_migrations',
        'Check DATABASE_URL or CRESSET_DATA_DIR, or start the server, which makes its tables.',
      ),
    ];
  const strange = ran.find((name, at) => name !== ours[at]);
  if (strange !== undefined)
    return [
      found(
        'its schema is that of another version',
        `it ran the migration ${strange}, which this version does not have there`,
        'Run the doctor of the version that the servers have, or upgrade this one.',
      ),
    ];
  if (ran.length === ours.length) return [];
  return [
    found(
      'its schema is older than this version',
      `it has not run ${ours.slice(ran.length).join(', ')}`,
      'Start a server of this version: the first one changes the schema.',
    ),
  ];
}

async function lookAtRights(db: Db): Promise<Finding[]> {
  const {
    role,
    may_create: mayCreate,
    foreign,
  } = await db.one<{
    role: string;
    may_create: boolean;
    foreign: string | null;
  }>(sql`
    select current_user as role, has_schema_privilege('public', 'create') as may_create,
           (select min(relname::text) from pg_class
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not pg_has_role(relowner, 'usage')) as foreign`);
  const findings: Finding[] = [];
  if (!mayCreate)
    findings.push(
      found(
        `the role ${role} may make no tables`,
        "has_schema_privilege('public', 'create') is false",
        `As the owner of the database: grant create on schema public to ${role}. Servers make a partition for each day.`,
      ),
    );
  if (foreign !== null)
    findings.push(
      found(
        `the role ${role} does not own the tables`,
        `the owner of ${foreign} is another role`,
        `As superuser: reassign owned by the other role to ${role}, or connect as that one.`,
      ),
    );
  return findings;
}

async function lookAtWrites(db: Db): Promise<Finding[]> {
  const { standby, read_only: readOnly } = await db.one<{ standby: boolean; read_only: boolean }>(sql`
    select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only')::boolean as read_only`);
  if (standby)
    return [found('it is a standby and takes no writes', 'pg_is_in_recovery()', 'Name its primary in DATABASE_URL.')];
  if (!readOnly) return [];
  const mend =
    'set default_transaction_read_only = off; alter database … reset default_transaction_read_only; (docs/operations.md)';
  return [found('it takes no writes', 'default_transaction_read_only is on', mend)];
}

async function lookAtVacuum(db: Db): Promise<Finding[]> {
  const { autovacuum, age } = await db.one<{ autovacuum: boolean; age: number }>(sql`
    select current_setting('autovacuum')::boolean and current_setting('track_counts')::boolean as autovacuum,
           (select age(datfrozenxid) from pg_database where datname = current_database()) as age`);
  const bloated = await db.query<{ name: string; live: number; dead: number }>(sql`
    select relname::text as name, n_live_tup as live, n_dead_tup as dead
      from pg_stat_user_tables
     where n_dead_tup > ${FEW_DEAD_ROWS} and n_dead_tup > n_live_tup
     order by n_dead_tup desc
     limit 3`);
  const findings = bloated.map(({ name, live, dead }) =>
    found(
      `the table ${name} has more dead rows than living ones`,
      `pg_stat_user_tables: ${dead} dead, ${live} living`,
      `Look for old transactions and replication slots that keep them, then: vacuum ${name}.`,
    ),
  );
  if (!autovacuum)
    findings.push(
      found(
        'autovacuum is off: its tables only grow',
        'the settings autovacuum and track_counts',
        'alter system set autovacuum = on; alter system set track_counts = on; select pg_reload_conf();',
      ),
    );
  if (age > MOST_XID_AGE)
    findings.push(
      found(
        'it is on the way to refuse all writes: transaction ids are not cleaned up',
        `age(datfrozenxid) is ${age}`,
        'Look for old transactions, prepared ones and replication slots, then: vacuum freeze.',
      ),
    );
  return findings;
}

async function lookAtTransactions(db: Db): Promise<Finding[]> {
  const rows = await db.query<{ pid: number; name: string; seconds: number }>(sql`
    select pid, application_name as name, extract(epoch from clock_timestamp() - xact_start)::integer as seconds
      from pg_stat_activity
     where datname = current_database() and xact_start < clock_timestamp() - make_interval(secs => ${LONG_TRANSACTION_S})
     order by xact_start
     limit 3`);
  return rows.map(({ pid, name, seconds }) =>
    found(
      `a transaction has been open for ${Math.floor(seconds / 60)} minutes, and keeps dead rows`,
      `pg_stat_activity: process ${pid}${name === '' ? '' : ` (${name})`}`,
      `End it if nobody needs it: select pg_terminate_backend(${pid}); A backup of much data may take that long.`,
    ),
  );
}

async function lookAtConnections(db: Db, needs: DatabaseNeeds): Promise<Finding[]> {
  const { most, used } = await db.one<{ most: number; used: number }>(sql`
    select current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer as most,
           (select count(*) from pg_stat_activity where backend_type = 'client backend')::integer as used`);
  const known = `max_connections allows ${most}, and ${used} are in use`;
  const mend =
    'Raise max_connections, or lower CRESSET_BROADCAST_THREADS (docs/operations.md says what a server needs).';
  if (used > most * MOST_IN_USE) return [found('nearly all of its connections are in use', known, mend)];
  if (most >= needs.connections) return [];
  return [found(`one server may need ${needs.connections} connections, and it allows ${most}`, known, mend)];
}

/** Compares our clock with the database's: both decide when something is due. */
export async function lookAtClock(db: Db): Promise<Finding[]> {
  const before = Date.now();
  const { now } = await db.one<{ now: Date }>(sql`select clock_timestamp() as now`);
  const after = Date.now();
  const skewMs = Math.round(now.getTime() - (before + after) / 2);
  if (Math.abs(skewMs) <= MOST_SKEW_MS + (after - before)) return [];
  return [clockFinding("the database's", skewMs, 'select clock_timestamp()')];
}

/** `skewMs`: how far the other clock is ahead of ours. */
export function clockFinding(whose: string, skewMs: number, asked: string): Finding {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  return {
    area: 'clock',
    subject: null,
    problem: `this machine's clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead of'} ${whose}`,
    known: asked,
    mend: 'Run a time service (chrony, systemd-timesyncd) on both machines.',
  };
}

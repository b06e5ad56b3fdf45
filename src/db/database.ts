import pg from 'pg';
import { systemClock } from '../lib/clock.ts';
import { clientConfig } from './connection.ts';
import { type Listener, listen } from './listen.ts';
import { probeWrites } from './probe-writes.ts';
import type { Sql } from './sql.ts';
import { troubleOf } from './trouble.ts';
import { type Refusal, WriteWatch } from './write-watch.ts';

const { Pool, types } = pg;

// Our bigints (user ids, counts) stay below 2^53; as numbers they need no conversion anywhere else.
types.setTypeParser(types.builtins.INT8, Number);
// A date without time (dob) is a text, never an instant in some zone.
types.setTypeParser(types.builtins.DATE, (text) => text);

// The driver takes an instant apart with a pattern; the runtime reads ISO texts ten times faster.
const readInstant = types.getTypeParser(types.builtins.TIMESTAMPTZ);
types.setTypeParser(types.builtins.TIMESTAMPTZ, (text: string) => {
  if (text.length > 32 || !text.endsWith('+00')) return readInstant(text);
  const instant = new Date(`${text.slice(0, 10)}T${text.slice(11)}:00`);
  return Number.isNaN(instant.getTime()) ? readInstant(text) : instant;
});

export type Row = pg.QueryResultRow;

/** What a store needs: run a statement, get rows. A pool and a transaction both are one. */
export interface Db {
  /** All rows of one statement. */
  query<T extends Row>(statement: Sql): Promise<T[]>;
  /** The only row; throws when there is none or more than one. */
  one<T extends Row>(statement: Sql): Promise<T>;
  /** The only row or null; throws when there is more than one. */
  maybeOne<T extends Row>(statement: Sql): Promise<T | null>;
  /** Runs for its effect; the number of rows it touched. */
  run(statement: Sql): Promise<number>;
  /** As `query`, with the plan kept by the server under `name`: for the few hot statements whose text never varies. */
  prepared<T extends Row>(name: string, statement: Pick<Sql, 'text' | 'values'>): Promise<T[]>;
}

export interface Transactor extends Db {
  /** Commits when `work` returns, rolls back when it throws. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
}

export interface Database extends Transactor {
  /**
   * Connections of their own whose statements always go by index. For rows named by their keys: a plan is kept, and one
   * made while a day's partition was empty would read all of it for every chunk once it has grown.
   * (Recording 190 of 100,000 sends: 99 ms by such a plan, 4 ms by index.)
   */
  byKey: Transactor;
  /**
   * A connection of its own that listens on `channel` until `stop`; `onNotice` gets each payload.
   * It reconnects by itself; `onNotice('')` is called after a reconnect, since notices may have been missed.
   * With a `sessionName` its session can be told from others, and the database notices within seconds when its host is gone.
   */
  listen(channel: string, onNotice: (payload: string) => void, sessionName?: string): Promise<Listener>;
  /** Why the database refuses writes at present, though it answers; null = it takes them. */
  refusal(): Refusal | null;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Most connections at once. */
  max?: number;
  /** Told of each connection before its first statement: the process that serves it where the database runs. */
  onConnect?: (processId: number) => void;
  /** Told about broken idle connections; they are replaced by themselves. */
  onError?: (error: Error) => void;
  /** Told when the database begins to refuse writes, and with null when it takes them again. */
  onRefusal?: (refusal: Refusal | null) => void;
  /** How long after the last refusal it is tried whether the database takes writes again; 2 s. */
  calmMs?: number;
}

const CALM_MS = 2_000;
const nobody = (): void => undefined;

export function connect({
  url,
  max = 10,
  onConnect = nobody,
  onError = nobody,
  onRefusal = nobody,
  calmMs = CALM_MS,
}: DatabaseOptions): Database {
  const connection = clientConfig(url);
  const probe = () => probeWrites(connection);
  const watch = new WriteWatch({ clock: systemClock, calmMs, probe, onChange: onRefusal, onError });
  const pool = new Pool({ ...connection, max, idleTimeoutMillis: 60_000 });
  const keyed = new Pool({ ...connection, max, idleTimeoutMillis: 60_000, options: BY_INDEX });
  for (const one of [pool, keyed]) {
    one.on('error', onError);
    one.on('connect', (client) => onConnect((client as { processID?: number }).processID ?? 0));
  }
  return {
    ...transactor(pool, watch),
    byKey: transactor(keyed, watch),
    refusal: () => watch.refusal,
    listen: (channel, onNotice, sessionName) =>
      listen(sessionName ? watched(connection, sessionName) : connection, channel, onNotice, onError),
    async close() {
      await Promise.all([watch.stop(), pool.end(), keyed.end()]);
    },
  };
}

const BY_INDEX = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'plan_cache_mode=force_generic_plan',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Of a host that vanished without a word nothing would be noticed for two hours. */
function watched(connection: pg.ClientConfig, sessionName: string): pg.ClientConfig {
  const options = '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2';
  return { ...connection, application_name: sessionName, options };
}

function transactor(pool: pg.Pool, watch: WriteWatch): Transactor {
  return {
    ...runner(pool, watch),
    async transaction(work) {
      const client = await noting(watch, () => pool.connect());
      let broken: Error | undefined;
      // A connection that ends between two statements says so here, and nobody listening would end the process.
      const noteBroken = (error: Error) => {
        broken = error;
      };
      client.on('error', noteBroken);
      try {
        await client.query('begin');
        const result = await work(runner(client, watch));
        await noting(watch, () => client.query('commit'));
        return result;
      } catch (error) {
        await client.query('rollback').catch((rollbackError: Error) => {
          broken = rollbackError;
        });
        // Of a server that was made a standby: the next connection may lead to the one that took its place.
        if (error instanceof Error && troubleOf(error)?.kind === 'read_only') broken ??= error;
        throw error;
      } finally {
        client.off('error', noteBroken);
        client.release(broken);
      }
    },
  };
}

/** A pool gives up the connection of a statement that failed by itself. */
async function noting<T>(watch: WriteWatch, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    watch.failed(error);
    throw error;
  }
}

function runner(on: pg.Pool | pg.PoolClient, watch: WriteWatch): Db {
  const rows = async <T extends Row>({ text, values }: Pick<Sql, 'text' | 'values'>, name?: string): Promise<T[]> => {
    const config = { text, values: values as unknown[], ...(name && { name }) };
    return (await noting(watch, () => on.query<T>(config))).rows;
  };
  const maybeOne = async <T extends Row>(statement: Sql): Promise<T | null> => {
    const found = await rows<T>(statement);
    if (found.length > 1) throw new Error(`expected at most one row, got ${found.length}: ${statement.text}`);
    return found[0] ?? null;
  };
  return {
    query: (statement) => rows(statement),
    maybeOne,
    async one<T extends Row>(statement: Sql) {
      const row = await maybeOne<T>(statement);
      if (row === null) throw new Error(`expected one row, got none: ${statement.text}`);
      return row;
    },
    async run(statement) {
      const { text, values } = statement;
      return (await noting(watch, () => on.query(text, values as unknown[]))).rowCount ?? 0;
    },
    prepared: (name, statement) => rows(statement, name),
  };
}

import pg from 'pg';
import { systemClock } from '../lib/clock.ts';
import { clientConfig } from './connection.ts';
import { type Listener, ListeningConnection } from './listen.ts';
import type { Statement } from './round-trip.ts';
import { type Db, type Row, runner, type Transaction, type Transactor } from './statements.ts';
import { noting, transact } from './transaction.ts';
import { probeWrites } from './writes/probe-writes.ts';
import { type RenewablePool, renewablePool } from './writes/renewable-pool.ts';
import { type Refusal, WriteWatch } from './writes/write-watch.ts';

const { types } = pg;

// Our bigints (user ids, counts) stay below 2^53, so they can be read as numbers.
types.setTypeParser(types.builtins.INT8, Number);
// A date without a time (dob) stays a text, because it is not an instant in some zone.
types.setTypeParser(types.builtins.DATE, (text) => text);

// The driver parses instants with a pattern. The runtime parses ISO texts ten times faster.
const readInstant = types.getTypeParser(types.builtins.TIMESTAMPTZ);
types.setTypeParser(types.builtins.TIMESTAMPTZ, (text: string) => {
  if (text.length > 32 || !text.endsWith('+00')) return readInstant(text);
  const instant = new Date(`${text.slice(0, 10)}T${text.slice(11)}:00`);
  return Number.isNaN(instant.getTime()) ? readInstant(text) : instant;
});

export { isCommitUnclear } from './transaction.ts';
export type { Db, Row, Transaction, Transactor };

export interface Database extends Transactor {
  /**
   * Separate connections whose statements always use an index, for rows that are named by their keys. PostgreSQL keeps
   * plans: one made while a day's partition was empty would later read the whole partition for every chunk.
   * Measured, recording 190 of 100,000 sends: 99 ms with such a plan, 4 ms by index. Nor do they keep what a join reads, to
   * compare it with each row: looking up 330 names among 30,000 took a second that way, and 7 ms by index.
   */
  byKey: Transactor;
  /**
   * Listens on `channel` until `stop`; `onNotice` gets each payload. All listeners share one separate connection.
   * It reconnects by itself and then calls `onNotice('')`, because it may have missed notices.
   * `sessionName`: the listener has a connection of its own, whose session has this name in the database, which then notices
   * within seconds when our host is gone.
   */
  listen(channel: string, onNotice: (payload: string) => void, sessionName?: string): Promise<Listener>;
  /** The reason why the database answers but refuses writes at present. null: it accepts them. */
  refusal(): Refusal | null;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Most connections at once, in each of the two pools. */
  max?: number;
  /** Called for each connection before its first statement, with the id of the database's process that serves it. */
  onConnect?: (processId: number) => void;
  /** Called when an idle connection breaks. The pool replaces it. The error has the driver's client, which has secrets. */
  onError?: (error: Error) => void;
  /** Called when the database begins to refuse writes, and with null when it accepts them again. */
  onRefusal?: (refusal: Refusal | null) => void;
  /** Time after the last refusal until a probe tries whether the database accepts writes again. Default: 2 s. */
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
  let isClosed = false;
  const prepare = (one: pg.Pool) => {
    // A closed pool does not wait for the database to notice, which may end these connections itself when it is stopped.
    one.on('error', (error) => isClosed || onError(error));
    one.on('connect', (client) => onConnect((client as { processID?: number }).processID ?? 0));
  };
  const pooled = { ...connection, max, idleTimeoutMillis: 60_000 };
  const pool = renewablePool(pooled, { prepare, onError });
  const keyed = renewablePool({ ...pooled, options: BY_INDEX }, { prepare, onError });
  const renew = () => {
    for (const one of [pool, keyed]) one.renew();
  };
  const listening = new ListeningConnection(connection, onError);
  const watch = new WriteWatch({ clock: systemClock, calmMs, probe, renew, onChange: onRefusal, onError });
  return {
    ...transactor(pool, watch),
    byKey: transactor(keyed, watch),
    refusal: () => watch.refusal,
    listen(channel, onNotice, sessionName) {
      const own = sessionName ? new ListeningConnection(watched(connection, sessionName), onError) : listening;
      return own.listen(channel, onNotice);
    },
    async close() {
      isClosed = true;
      await Promise.all([watch.stop(), pool.end(), keyed.end()]);
    },
  };
}

const BY_INDEX = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'enable_material=off',
  'plan_cache_mode=force_generic_plan',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Names the session and makes TCP check it often. By default a host that vanished goes unnoticed for two hours. */
function watched(connection: pg.ClientConfig, sessionName: string): pg.ClientConfig {
  const options = '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=2';
  return { ...connection, application_name: sessionName, options };
}

function transactor(pool: RenewablePool, watch: WriteWatch): Transactor {
  const execute = ({ name, text, values }: Statement) =>
    noting(watch.sessions(), () =>
      pool.current.query({ text, values: values as unknown[], ...(name !== undefined && { name }) }),
    );
  return { ...runner(execute), transaction: (work) => transact(pool.current, watch.sessions(), work) };
}

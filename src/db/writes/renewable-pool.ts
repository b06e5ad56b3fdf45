import pg from 'pg';

const { Pool } = pg;

/** A pool of connections that can be replaced by one with new connections while it is in use. */
export interface RenewablePool {
  /** The pool to use now. */
  readonly current: pg.Pool;
  /** The next user gets a new connection. The old ones are closed when what runs on them, or waits for them, has ended. */
  renew(): void;
  /** Resolves when all connections are closed. */
  end(): Promise<void>;
}

/** `prepare`: called with each pool before its first connection. `onError`: told when old connections fail to close. */
export function renewablePool(
  config: pg.PoolConfig,
  { prepare, onError }: { prepare(pool: pg.Pool): void; onError(error: Error): void },
): RenewablePool {
  const open = () => {
    const pool = new Pool(config);
    prepare(pool);
    return pool;
  };
  let current = open();
  const retiring = new Map<pg.Pool, Promise<void>>();

  /** An ended pool serves nobody who still waits for a connection, so it ends after the last of them. */
  async function retire(pool: pg.Pool): Promise<void> {
    while (pool.waitingCount > 0) await new Promise((resolve) => pool.once('release', resolve));
    await pool.end();
  }

  return {
    get current() {
      return current;
    },
    renew() {
      const old = current;
      current = open();
      retiring.set(
        old,
        retire(old)
          .catch(onError)
          .finally(() => retiring.delete(old)),
      );
    },
    async end() {
      await Promise.all([current.end(), ...retiring.values()]);
    },
  };
}

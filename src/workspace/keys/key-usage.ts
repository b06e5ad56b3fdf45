import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Clock } from '../../lib/clock.ts';

export interface KeyUsage {
  /** Notes a use in memory. */
  used(key: { id: string }): void;
  /** Writes the noted uses now. */
  flush(): Promise<void>;
  /** Writes the noted uses and ends. A failure is passed to `onError`, too. */
  stop(): Promise<void>;
}

const WRITE_EVERY_MS = 60_000;

/**
 * Records when each key was last used, at most once a minute. A failed write is repeated later. Only the first of several
 * failures in a row is passed to `onError`.
 */
export function createKeyUsage(options: { db: Database; clock: Clock; onError: (error: Error) => void }): KeyUsage {
  const { db, clock, onError } = options;
  let lastUsed = new Map<string, Date>();
  let cancel: (() => void) | null = null;
  let stopped = false;
  let isFailing = false;

  function plan(): void {
    if (!stopped) cancel ??= clock.after(WRITE_EVERY_MS, () => void flush().catch(noteFailure));
  }

  function noteFailure(error: Error): void {
    if (!isFailing) onError(error);
    isFailing = true;
  }

  async function flush(): Promise<void> {
    cancel?.();
    cancel = null;
    const writing = lastUsed;
    lastUsed = new Map();
    if (writing.size === 0) return;
    try {
      await write(db, writing);
      isFailing = false;
    } catch (error) {
      lastUsed = new Map([...writing, ...lastUsed]);
      plan();
      throw error;
    }
  }

  return {
    used({ id }) {
      lastUsed.set(id, clock.now());
      plan();
    },
    flush,
    async stop() {
      stopped = true;
      await flush().catch(noteFailure);
    },
  };
}

/** Writes in the order of ids, to avoid deadlocks between processes. */
async function write(db: Database, lastUsed: ReadonlyMap<string, Date>): Promise<void> {
  const rows = [...lastUsed].map(([id, at]) => ({ id, at: at.toISOString() }));
  await db.run(sql`
    with used as (
      select k.id, u.at
        from json_to_recordset(${JSON.stringify(rows)}::json) as u(id uuid, at timestamptz)
        join api_keys k using (id)
       order by k.id
         for no key update of k
    )
    update api_keys k
       set last_used_at = greatest(k.last_used_at, used.at)
      from used
     where k.id = used.id`);
}

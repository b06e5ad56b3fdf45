import type { Database } from '../db/database.ts';
import { createBatcher } from '../lib/batcher.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Catalog } from './catalog.ts';
import { loadCatalog } from './load-catalog.ts';
import type { Secret } from './secrets.ts';
import { CATALOG_CHANNEL } from './workspaces.ts';

export interface WatchedCatalog {
  /** As of the last reading. */
  current(): Catalog;
  /** Resolves when a reading that began after this call is done. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

const TRY_AGAIN_AFTER_MS = 1_000;

/**
 * The catalog, read again whenever a change of it is announced by any process.
 * Throws when it cannot be read at first. Later a failed reading is told to `onError`, the last good catalog stays, and
 * the reading is tried again: a deleted key must not live on because the database was away for a moment.
 */
export async function watchCatalog(
  db: Database,
  secret: Secret,
  onError: (error: Error) => void,
  clock: Clock = systemClock,
): Promise<WatchedCatalog> {
  let catalog: Catalog | null = null;
  let stopped = false;
  let cancelRetry: (() => void) | null = null;
  // One reading at a time; all who ask during one share the next.
  const submit = createBatcher<null, void>({
    async run(items) {
      if (!stopped) catalog = await loadCatalog(db, secret);
      return items.map(() => undefined);
    },
    maxItems: Number.POSITIVE_INFINITY,
    maxWaiting: Number.POSITIVE_INFINITY,
    whenFull: () => new Error('too many readings of the catalog are waiting'),
  });
  const refresh = () => submit(null);

  function onChange(): void {
    cancelRetry?.();
    if (stopped) return;
    refresh().catch((error: Error) => {
      onError(error);
      if (!stopped) cancelRetry = clock.after(TRY_AGAIN_AFTER_MS, onChange);
    });
  }

  // Listening begins first: what changes during the first reading is announced to us.
  const listener = await db.listen(CATALOG_CHANNEL, onChange);
  async function stop(): Promise<void> {
    stopped = true;
    cancelRetry?.();
    await listener.stop();
    await submit.idle();
  }

  await refresh().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    current() {
      if (catalog === null) throw new Error('the catalog was asked for before its first reading');
      return catalog;
    },
    refresh,
    stop,
  };
}

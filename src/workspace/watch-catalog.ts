import type { Database } from '../db/database.ts';
import { createBatcher } from '../lib/batcher.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import type { Catalog } from './catalog.ts';
import { loadCatalog } from './load-catalog.ts';
import { OtherSecretError } from './sealed/shared-secret.ts';
import { type Secret, SecretError } from './secrets.ts';
import { StoredSettingsError } from './stored-settings.ts';
import { CATALOG_CHANNEL } from './workspaces.ts';

/** Definitions that this server cannot use. It goes on with those that it read before. */
export interface CatalogTrouble {
  /** `secret`: another secret sealed them. `settings`: they are not valid. */
  reason: 'secret' | 'settings';
  said: string;
  since: Date;
}

export interface WatchedCatalog {
  /** The catalog as last read. */
  current(): Catalog;
  /** Why the newest definitions of the operator cannot be used, and since when. null: `current` has the newest ones. */
  trouble(): CatalogTrouble | null;
  /** Resolves when a reading that began after this call has ended. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

const TRY_AGAIN_AFTER_MS = 1_000;

/**
 * Keeps the catalog up to date: reads it again whenever any process announces a change.
 * Throws when the first reading fails. When a later one fails, it calls `onError`, keeps the last good catalog and tries
 * again, because a deleted key must not stay valid after the database was away for a moment.
 */
export async function watchCatalog(
  db: Database,
  secret: Secret,
  onError: (error: Error) => void,
  {
    clock = systemClock,
    sessionName,
  }: { clock?: Clock /** Names its session in the database. */; sessionName?: string } = {},
): Promise<WatchedCatalog> {
  let catalog: Catalog | null = null;
  let trouble: CatalogTrouble | null = null;
  let stopped = false;
  let cancelRetry: (() => void) | null = null;
  // One reading runs at a time. Callers that ask while one runs share the next one.
  const submit = createBatcher<null, void>({
    async run(items) {
      if (stopped) return items.map(() => undefined);
      catalog = await loadCatalog(db, secret).catch((thrown: unknown) => {
        const isReplaced = catalog !== null && thrown instanceof OtherSecretError;
        const error = isReplaced ? new SecretError(thrown.saidByRunning) : thrown;
        trouble = troubleIn(error, trouble, clock.now()) ?? trouble;
        throw error;
      });
      trouble = null;
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

  // Listens first, so that it hears of changes during the first reading.
  const listener = await db.listen(CATALOG_CHANNEL, onChange, sessionName);
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
    trouble: () => trouble,
    refresh,
    stop,
  };
}

/** null: it is not the definitions that are wrong, but for example the database that is away. */
function troubleIn(error: unknown, before: CatalogTrouble | null, now: Date): CatalogTrouble | null {
  const reason = error instanceof SecretError ? 'secret' : error instanceof StoredSettingsError ? 'settings' : null;
  if (reason === null) return null;
  return { reason, said: (error as Error).message, since: before?.since ?? now };
}

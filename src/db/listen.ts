import pg from 'pg';

export interface Listener {
  /** Uses the session, so that the database knows that its owner works. Rejects while the connection is broken. */
  ping(): Promise<void>;
  stop(): Promise<void>;
}

const RECONNECT_AFTER_MS = 500;

/**
 * Listens on `channel` over a separate connection until it is stopped, and reconnects by itself.
 * After a reconnect it calls `onNotice('')` once, because it may have missed notices.
 * It calls `onError` when a connection breaks and when the first try to reconnect fails, not at every further try.
 */
export async function listen(
  config: pg.ClientConfig,
  channel: string,
  onNotice: (payload: string) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  let stopped = false;
  let isAway = false;
  let timer: NodeJS.Timeout | undefined;
  let reopening = Promise.resolve();
  let client = await open();

  async function open(): Promise<pg.Client> {
    const next = new pg.Client(config);
    next.on('error', onError);
    next.on('notification', (notice) => onNotice(notice.payload ?? ''));
    await next.connect();
    await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    next.once('end', reopenLater);
    return next;
  }

  function reopenLater(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      reopening = reopen();
    }, RECONNECT_AFTER_MS);
  }

  async function reopen(): Promise<void> {
    try {
      client = await open();
      isAway = false;
      if (!stopped) onNotice('');
    } catch (error) {
      if (!isAway) onError(error as Error);
      isAway = true;
      reopenLater();
    }
  }

  return {
    async ping() {
      await client.query('select');
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await reopening; // Otherwise a connection that is being made now would stay open and keep the process alive.
      await client.end();
    },
  };
}

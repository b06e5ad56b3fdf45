import pg from 'pg';

export interface Listener {
  stop(): Promise<void>;
}

const RECONNECT_AFTER_MS = 500;

/**
 * Listens on `channel` over a connection of its own until stopped, and reconnects by itself.
 * After a reconnect `onNotice('')` is called once, since notices may have been missed.
 */
export async function listen(
  config: pg.ClientConfig,
  channel: string,
  onNotice: (payload: string) => void,
  onError: (error: Error) => void,
): Promise<Listener> {
  let stopped = false;
  let client = await open();
  let timer: NodeJS.Timeout | undefined;

  async function open(): Promise<pg.Client> {
    const next = new pg.Client(config);
    next.on('error', onError);
    next.on('notification', (notice) => onNotice(notice.payload ?? ''));
    await next.connect();
    await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    next.on('end', reopenLater);
    return next;
  }

  function reopenLater(): void {
    if (!stopped) timer = setTimeout(reopen, RECONNECT_AFTER_MS);
  }

  async function reopen(): Promise<void> {
    try {
      client = await open();
      onNotice('');
    } catch (error) {
      onError(error as Error);
      reopenLater();
    }
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client.end();
    },
  };
}

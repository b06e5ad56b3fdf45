import pg from 'pg';

export interface Listener {
  /** Uses the session, so that the database knows that its owner works. Rejects while the connection is broken. */
  ping(): Promise<void>;
  stop(): Promise<void>;
}

type OnNotice = (payload: string) => void;

const RECONNECT_AFTER_MS = 500;

/**
 * Hears what is announced on channels, all over one connection, which opens with the first listener and ends with the last.
 * It reconnects by itself and then calls each `onNotice('')` once, because notices may have been missed.
 * It calls `onError` when the connection breaks and when the first try to reconnect fails, not at every further try.
 */
export class ListeningConnection {
  readonly #config: pg.ClientConfig;
  readonly #onError: (error: Error) => void;
  readonly #channels = new Map<string, Set<OnNotice>>();
  /** The connection, open or being opened. null: nobody listens, or it broke and is opened again later. */
  #client: Promise<pg.Client> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #mayHaveMissed = false;
  #isAway = false;
  /** Settles when the last statement has ended: the driver takes one at a time. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(config: pg.ClientConfig, onError: (error: Error) => void) {
    this.#config = config;
    this.#onError = onError;
  }

  /** Resolves when everything that is announced from now on is heard. */
  async listen(channel: string, onNotice: OnNotice): Promise<Listener> {
    const own: OnNotice = (payload) => onNotice(payload);
    const all = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, all.add(own));
    const stop = () => this.#stop(channel, own);
    try {
      await this.#run(this.#open(), `listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      ping: async () => {
        if (this.#client === null) throw new Error('the connection that listens is broken');
        await this.#run(this.#client, 'select');
      },
      stop,
    };
  }

  #run(client: Promise<pg.Client>, statement: string): Promise<unknown> {
    const result = this.#running.then(async () => (await client).query(statement));
    this.#running = result.catch(() => undefined); // the caller gets the error
    return result;
  }

  async #stop(channel: string, own: OnNotice): Promise<void> {
    const all = this.#channels.get(channel);
    all?.delete(own);
    if (all?.size === 0) this.#channels.delete(channel);
    if (this.#channels.size > 0) return;
    clearTimeout(this.#timer);
    const last = this.#client;
    this.#client = null;
    // One that is being opened now would stay open and keep the process alive.
    await (await last?.catch(() => null))?.end();
  }

  #open(): Promise<pg.Client> {
    clearTimeout(this.#timer);
    if (this.#client === null) {
      const opened = this.#connect(() => this.#client === opened);
      this.#client = opened;
    }
    return this.#client;
  }

  async #connect(isCurrent: () => boolean): Promise<pg.Client> {
    const next = new pg.Client(this.#config);
    next.on('error', this.#onError);
    next.on('notification', ({ channel, payload = '' }) => tell(this.#channels.get(channel), payload));
    const broke = (): void => {
      if (!isCurrent()) return;
      this.#client = null;
      this.#mayHaveMissed = true;
      this.#timer = setTimeout(() => this.#openAgain(), RECONNECT_AFTER_MS);
    };
    try {
      await next.connect();
      for (const channel of this.#channels.keys()) await next.query(`listen ${pg.escapeIdentifier(channel)}`);
    } catch (error) {
      broke();
      next.end(() => undefined);
      throw error;
    }
    next.once('end', broke);
    this.#isAway = false;
    if (this.#mayHaveMissed) for (const all of this.#channels.values()) tell(all, '');
    this.#mayHaveMissed = false;
    return next;
  }

  async #openAgain(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (!this.#isAway) this.#onError(error as Error);
      this.#isAway = true;
    }
  }
}

function tell(all: Iterable<OnNotice> = [], payload: string): void {
  for (const onNotice of all) onNotice(payload);
}

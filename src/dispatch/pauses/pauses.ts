import type { Logger } from 'pino';
import type { Database, Db } from '../../db/database.ts';
import { levelOf } from '../../db/trouble.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import {
  claimProbe,
  endPause,
  keyOf,
  listPauses,
  PAUSES_CHANNEL,
  type Pause,
  type PauseKey,
  storePause,
  storeProbe,
  wakeTasks,
} from './pauses-store.ts';
import { digestNow, nameOfSubject, type Subject } from './subject.ts';

const LOOK_EVERY_MS = 1_000;
/** Time until tasks are woken again that were in hand when a pause ended, and were told to wait for it. */
const HURRY_AGAIN_MS = 2_000;

export interface PausesOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
}

/**
 * The apps and relays that are not called at present, and why. They are stored in the database for all processes, and
 * kept in memory for every call. States of a subject: open → paused → probing (by one process) → open if the probe
 * succeeds, else paused. New settings open it at once. Who pauses and who probes: `push/paused-apps.ts` and
 * `paused-relays.ts`.
 */
export class Pauses {
  readonly #options: PausesOptions;
  readonly #probing = new Set<string>();
  /** The subjects whose end is not yet written, with a mark of that end. A read that comes before must not pause them again. */
  readonly #ending = new Map<string, object>();
  readonly #onLook: (() => void)[] = [];
  readonly #onOpen: ((key: PauseKey) => void)[] = [];
  #paused = new Map<string, Pause>();
  #cancelLook: (() => void) | null = null;
  #stopListening: (() => Promise<void>) | null = null;
  #stopped = false;
  /** The reads and writes in progress, one after the other. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: PausesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const listener = await this.#options.db.listen(PAUSES_CHANNEL, () => this.#write(() => this.#read()));
    this.#stopListening = () => listener.stop();
    await this.#read();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelLook?.();
    await this.#stopListening?.();
    await this.#writing;
  }

  /** `listener` is called every second while something is paused. */
  onLook(listener: () => void): void {
    this.#onLook.push(listener);
  }

  /** `listener` is called when this process ends a pause. */
  onOpen(listener: (key: PauseKey) => void): void {
    this.#onOpen.push(listener);
  }

  /** Stores what is not yet stored, and reads the pauses of all processes. */
  readAgain(): Promise<unknown> {
    this.#write(() => this.#read());
    return this.#writing;
  }

  get(workspaceId: number, subject: Subject): Pause | undefined {
    return this.#paused.get(keyOf({ workspaceId, subject }));
  }

  all(): Iterable<Pause> {
    return this.#paused.values();
  }

  /** True: this process probes the subject. */
  isProbing(key: PauseKey): boolean {
    return this.#probing.has(keyOf(key));
  }

  /** True: this process may probe the subject now. Nobody else does before `waitMs` have passed. */
  async tryProbe(key: PauseKey, waitMs: number): Promise<boolean> {
    const id = keyOf(key);
    const pause = this.#paused.get(id);
    const now = this.#options.clock.now();
    if (pause === undefined || pause.probeAt > now || this.#probing.has(id)) return false;
    const probeAt = new Date(now.getTime() + waitMs);
    const claimed = await claimProbe(this.#options.db, key, now, probeAt);
    if (!claimed) await this.#read();
    else if (this.#paused.get(id) === pause) {
      this.#paused.set(id, { ...pause, probeAt, probes: pause.probes + 1 });
      this.#probing.add(id);
    }
    return claimed;
  }

  /** The probe of this process has shown nothing. */
  giveUpProbe(key: PauseKey): void {
    this.#probing.delete(keyOf(key));
  }

  /**
   * Pauses a subject: in memory at once, so that no further call begins, and then in all processes. One that is paused
   * stays as it is. `within`: what else to write in the same transaction. `onPaused`: called in the one thread of all servers
   * that wrote the pause. True: it was open, with these settings.
   */
  close(
    pause: Omit<Pause, 'since' | 'probes'>,
    { within, onPaused }: { within?: (tx: Db, now: Date) => Promise<void>; onPaused?: () => void } = {},
  ): boolean {
    const id = keyOf(pause);
    this.#probing.delete(id);
    if (this.#paused.has(id) || this.#digestNow(pause) !== pause.settings) return false;
    const since = this.#options.clock.now();
    const stored: Pause = { ...pause, since, probes: 0 };
    this.#ending.delete(id);
    this.#paused.set(id, stored);
    this.#lookLater();
    this.#write(async () => {
      const isNew = await this.#options.db.transaction(async (tx) => {
        const wasOpen = await storePause(tx, stored);
        await within?.(tx, since);
        return wasOpen;
      });
      if (isNew) onPaused?.();
    });
    return true;
  }

  /** Stores what the probe of this process has shown while the subject stays paused. */
  prolong(key: PauseKey, news: Pick<Pause, 'cause' | 'reason' | 'probeAt' | 'probes'>): void {
    const id = keyOf(key);
    this.#probing.delete(id);
    const pause = this.#paused.get(id);
    if (pause === undefined) return;
    const prolonged = { ...pause, ...news };
    this.#paused.set(id, prolonged);
    this.#write(() => storeProbe(this.#options.db, prolonged));
  }

  /** Ends a pause. `settings`: only one that was begun with the settings of this digest. null: any. */
  open(key: PauseKey, settings: string | null): void {
    const { db, clock } = this.#options;
    const mark = {};
    this.#paused.delete(keyOf(key));
    this.#probing.delete(keyOf(key));
    for (const listener of this.#onOpen) listener(key);
    this.#ending.set(keyOf(key), mark);
    this.#writeEnd(key, settings, mark);
    const { workspaceId } = key;
    clock.after(HURRY_AGAIN_MS, () => {
      if (!this.#stopped) this.#write(() => db.transaction((tx) => wakeTasks(tx, workspaceId, clock.now())));
    });
  }

  /** Tries until the end is written: otherwise what waits for it would wait for another probe. */
  #writeEnd(key: PauseKey, settings: string | null, mark: object): void {
    const { db, clock, log, catalog } = this.#options;
    const isLast = () => this.#ending.get(keyOf(key)) === mark;
    this.#write(async () => {
      try {
        const isOver = await db.transaction((tx) => endPause(tx, key, settings, clock.now()));
        const { workspaceId, subject } = key;
        const facts = { workspace_id: workspaceId, subject, name: nameOfSubject(catalog(), key) };
        if (isOver) log.info(facts, 'a pause is over: what waited for it goes out');
      } catch (error) {
        clock.after(LOOK_EVERY_MS, () => {
          if (isLast() && !this.#stopped) this.#writeEnd(key, settings, mark);
        });
        throw error;
      }
      if (isLast()) this.#ending.delete(keyOf(key));
    });
  }

  #digestNow({ workspaceId, subject }: PauseKey): string | null {
    return digestNow(this.#options.catalog(), workspaceId, subject);
  }

  async #read(): Promise<void> {
    const rows = await listPauses(this.#options.db);
    const paused = rows.filter((row) => !this.#ending.has(keyOf(row)));
    this.#paused = new Map(paused.map((row) => [keyOf(row), row]));
    for (const id of this.#probing) if (!this.#paused.has(id)) this.#probing.delete(id);
    this.#lookLater();
  }

  /** While something is paused, checks again and again whether its settings have changed, and lets others probe. */
  #lookLater(): void {
    if (this.#cancelLook !== null || this.#paused.size === 0 || this.#stopped) return;
    this.#cancelLook = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#cancelLook = null;
      for (const pause of this.#paused.values())
        if (this.#digestNow(pause) !== pause.settings) this.open(pause, pause.settings);
      for (const listener of this.#onLook) listener();
      this.#lookLater();
    });
  }

  /** Runs one piece of work after the other. After a failure it reads the pauses again. */
  #write(work: () => Promise<unknown>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#options.log[levelOf(error)]({ err: error }, 'pauses could not be read or written');
      if (!this.#stopped) this.#options.clock.after(LOOK_EVERY_MS, () => this.#write(() => this.#read()));
    });
  }
}

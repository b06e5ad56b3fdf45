import type { Logger } from 'pino';
import type { Db } from '../../../db/database.ts';
import { compare, type Glance, glance, isInOutbox } from '../../../dispatch/report/console/glance.ts';
import type { Trouble } from '../../../dispatch/report/console/troubles.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Changes, changesOf, everything, isNothing, Memory, type Topic } from './changes.ts';

export interface WatchDeps {
  db: Db;
  clock: Clock;
  log: Logger;
  troublesOf(workspaceId: number): Promise<readonly Trouble[]>;
}

export interface Watcher {
  /** Called with the id of the event, at most once a second. */
  changed(id: string, changes: Changes): void;
}

/** How long nothing is asked after an answer, in milliseconds. So a watcher hears of nothing more often than that. */
const EVERY_MS = 1_000;
/** The numbers of what sends are said to have changed at every second look. */
const PULSE = 2;
/** What is wrong is asked at every fifth look. */
const TROUBLES = 5;

/**
 * Looks at one workspace for all who watch it, until the last one leaves. It asks the database and does not listen to it:
 * neither a lost notice nor a long one can break it.
 */
export class Watch {
  readonly #deps: WatchDeps;
  readonly #workspaceId: number;
  readonly #memory = new Memory();
  readonly #watchers = new Set<Watcher>();
  #looking = Promise.resolve();
  #cancelNext: () => void = () => undefined;
  #looks = 0;
  /** null: the database could not be asked, so something may have been missed. */
  #last: Glance | null = null;
  #troubles: string | null = null;
  #isBroken = false;

  constructor(deps: WatchDeps, workspaceId: number) {
    this.#deps = deps;
    this.#workspaceId = workspaceId;
  }

  get isIdle(): boolean {
    return this.#watchers.size === 0;
  }

  /**
   * Begins to call the watcher. `begun`: called with what it missed since the event with this id, once everything that
   * changes from now on is noticed.
   */
  join(watcher: Watcher, lastId: string | null, begun: (joined: { id: string; missed: Changes }) => void): void {
    const isFirst = this.isIdle;
    this.#watchers.add(watcher);
    if (isFirst) this.#looking = this.#look();
    const begin = () => begun({ id: this.#memory.id, missed: this.#memory.since(lastId) });
    if (this.#last === null) this.#looking.then(begin);
    else begin();
  }

  leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.isIdle) this.#cancelNext();
  }

  /** Resolves once nothing is being asked any more. */
  idle(): Promise<void> {
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const changes = await this.#changes();
      if (changes !== null && !isNothing(changes)) this.#tell(changes);
      this.#isBroken = false;
    } catch (error) {
      this.#last = null;
      if (!this.#isBroken) this.#deps.log.warn({ err: error }, 'the console cannot be told what changes');
      this.#isBroken = true;
    }
    if (this.isIdle) return;
    this.#cancelNext = this.#deps.clock.after(EVERY_MS, () => {
      this.#looking = this.#look();
    });
  }

  /** null: nothing was known before, at the first look. */
  async #changes(): Promise<Changes | null> {
    const { db } = this.#deps;
    const [before, isFirst] = [this.#last, this.#looks === 0];
    this.#looks += 1;
    const now = await glance(db, this.#workspaceId);
    const isWrongOther = this.#looks % TROUBLES === 1 && (await this.#readTroubles());
    this.#last = now;
    if (before === null) return isFirst ? null : everything;
    const { dispatches, isListOther, isRequestNew, isOutboxNew } = compare(before, now, {
      isPulse: this.#looks % PULSE === 0,
      at: this.#deps.clock.now(),
    });
    const topics: [Topic, boolean][] = [
      ['dispatches', isListOther],
      ['requests', isRequestNew],
      ['outbox', isOutboxNew || (await isInOutbox(db, this.#workspaceId, dispatches))],
      ['troubles', isWrongOther],
    ];
    return changesOf(
      topics.flatMap(([topic, isOther]) => (isOther ? [topic] : [])),
      dispatches,
    );
  }

  async #readTroubles(): Promise<boolean> {
    const [before, now] = [this.#troubles, JSON.stringify(await this.#deps.troublesOf(this.#workspaceId))];
    this.#troubles = now;
    return before !== null && now !== before;
  }

  #tell(changes: Changes): void {
    this.#memory.note(changes);
    for (const watcher of this.#watchers) watcher.changed(this.#memory.id, changes);
  }
}

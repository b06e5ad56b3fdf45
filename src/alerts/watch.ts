import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { levelOf } from '../db/trouble.ts';
import { listTroubles, ofDatabase } from '../dispatch/report/console/troubles.ts';
import type { Clock } from '../lib/clock.ts';
import type { Catalog } from '../workspace/catalog.ts';
import type { CatalogTrouble } from '../workspace/watch-catalog.ts';
import { type AlertMessage, bodyOf } from './message.ts';
import { type KnownTrouble, type Step, step } from './step.ts';
import { changeKnown, dueMessages, forgetMessage, leaveWatch, postponeMessage, takeWatch } from './store.ts';
import { type AlertTargets, send, targetNames } from './targets.ts';

const LOOK_MS = 5_000;
/** A process that dies is followed by another one after this time, in milliseconds. */
const LEASE_MS = 60_000;
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 30 * 60_000;
/** After about half a day, a message is given up. */
const MOST_TRIES = 30;

export interface AlertOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog(): Catalog;
  catalogTrouble(): CatalogTrouble | null;
  publicUrl: string;
  targets: AlertTargets;
}

export interface Alerts {
  /** Resolves when nothing is being looked at or told. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Looks every five seconds for what is wrong, and tells operators. Of several processes, one does. */
export function startAlerts(options: AlertOptions): Alerts {
  const { db, clock, log } = options;
  const watch = new Watch(options);
  let isStopped = false;
  let cancel = (): void => undefined;
  let running = look();

  async function look(): Promise<void> {
    await watch.look().catch((error: unknown) => log[levelOf(error)]({ err: error }, 'troubles could not be told'));
    if (!isStopped) cancel = clock.after(LOOK_MS, () => (running = look()));
  }

  return {
    idle: () => running,
    async stop() {
      isStopped = true;
      cancel();
      await running;
      await leaveWatch(db, watch.holder).catch((error: unknown) =>
        log.debug({ err: error }, 'the watch ends by itself'),
      );
    },
  };
}

class Watch {
  readonly holder = randomUUID();
  readonly #options: AlertOptions;
  /** Whether this process had the watch when it last could say so. */
  #isHolder = false;
  /** What is known of the database, which cannot store that it refuses to store. */
  #ofDatabase: readonly KnownTrouble[] = [];
  #unsent: AlertMessage[] = [];

  constructor(options: AlertOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { db } = this.#options;
    if (db.refusal() === null) this.#isHolder = await this.#take();
    // Who has told of the database tells its end, although another may have the watch by then.
    if (this.#isHolder || this.#ofDatabase.length > 0) await this.#lookAtDatabase();
    if (!this.#isHolder || db.refusal() !== null) return;
    const workspaces = await db.query<{ id: number; name: string }>(sql`select id, name from workspaces order by id`);
    for (const workspace of workspaces) {
      const path = workspaces.length > 1 ? `in/${workspace.id}/` : '';
      await this.#lookAt({ ...workspace, path });
    }
    await this.#tellAll();
  }

  #take(): Promise<boolean> {
    const { db, clock } = this.#options;
    const now = clock.now();
    return takeWatch(db, this.holder, now, new Date(now.getTime() + LEASE_MS));
  }

  /** `path`: of the workspace in the console. Empty: it is the only one. */
  async #lookAt({ id, name, path }: { id: number; name: string; path: string }): Promise<void> {
    const { db, clock, catalog, catalogTrouble } = this.#options;
    const workspace = catalog().workspace(id);
    if (workspace === undefined) return; // it is read soon
    const now = clock.now();
    // Callers that come too often are known only to the server that refused them.
    const troubles = await listTroubles(db, workspace, { now, catalogTrouble: catalogTrouble(), callers: [] });
    const others = troubles.filter(({ subject }) => subject.kind !== 'database');
    await changeKnown(db, { holder: this.holder, workspaceId: id, now }, (before) => {
      const { known, tellings } = this.#step(before, others, now);
      return { known, messages: this.#messagesOf(tellings, { now, workspace: name, path }) };
    });
  }

  /** While the database refuses writes, the process that has the watch keeps it, and tells from its memory. */
  async #lookAtDatabase(): Promise<void> {
    const { db, clock, log, targets } = this.#options;
    const now = clock.now();
    const { known, tellings } = this.#step(this.#ofDatabase, ofDatabase(db), now);
    this.#ofDatabase = known;
    const messages = [...this.#unsent, ...this.#messagesOf(tellings, { now, workspace: null })];
    this.#unsent = [];
    for (const message of messages)
      await send(targets, message, now).catch((error: unknown) => {
        log.warn({ err: error }, 'operators could not be told of the database; trying again');
        this.#unsent.push(message);
      });
  }

  #step(before: readonly KnownTrouble[], troubles: Parameters<typeof step>[1], now: Date): Step {
    return step(before, troubles, { now, pauseMs: this.#options.targets.pauseMs, newId: randomUUID });
  }

  #messagesOf(
    tellings: Step['tellings'],
    { now, workspace, path = '' }: { now: Date; workspace: string | null; path?: string },
  ): AlertMessage[] {
    const { targets, publicUrl } = this.#options;
    const home = `${publicUrl}/${path}`;
    return tellings.flatMap((telling) => {
      const message = { id: randomUUID(), body: bodyOf(telling, { now, workspace, home }) };
      return targetNames(targets).map((target) => ({ ...message, target }));
    });
  }

  /** Tells what waits, the targets side by side and each in order. */
  async #tellAll(): Promise<void> {
    const { db, clock } = this.#options;
    for (;;) {
      const due = await dueMessages(db, clock.now());
      // A message that takes long must not outlast the watch.
      if (due.length === 0 || !(await this.#take())) return;
      await Promise.all(due.map((message) => this.#tell(message)));
    }
  }

  async #tell(message: AlertMessage & { tries: number }): Promise<void> {
    const { db, clock, log, targets } = this.#options;
    const now = clock.now();
    try {
      await send(targets, message, now);
    } catch (error) {
      const { target, tries } = message;
      if (tries + 1 < MOST_TRIES) {
        log.warn({ err: error, target }, 'operators could not be told; trying again');
        const waitMs = Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS);
        return postponeMessage(db, message, new Date(now.getTime() + waitMs));
      }
      log.error({ err: error, target, text: message.body.text }, 'operators could not be told; given up');
    }
    await forgetMessage(db, message);
  }
}

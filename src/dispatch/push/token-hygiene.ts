import type { Logger } from 'pino';
import type { Database, Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import {
  clearSuspects,
  type Doubt,
  judgeOldSuspects,
  keepEnvironments,
  removeTokens,
  replaceTokens,
  suspectTokens,
} from '../../people/tokens/push-tokens.ts';
import type { Delivered, TokenNews } from '../ledger/delivered.ts';
import { listPauses } from '../pauses/pauses-store.ts';
import { appIdOf } from '../pauses/subject.ts';
import {
  addCalls,
  type CallCounts,
  forgetCalls,
  forgetOldCalls,
  guardTrips,
  provenSettings,
  recentCalls,
} from './guard.ts';

/** A suspect token is removed or cleared after this time, in milliseconds. Source: messaging-objects.md §1.11. */
const SUSPECT_MS = 600_000;
const SWEEP_EVERY_MS = 60_000;
/** Counts without ambiguous calls are written this often. Written with each group, they would double its statements. */
const COUNT_EVERY_MS = 1_000;

export interface TokenHygieneOptions {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Told when the guard has tripped: no more calls may be made for this app. */
  onGuardTripped(workspaceId: number, appId: string, reason: string): void;
  /** True: the app is paused by the guard, so none of its tokens becomes suspect. */
  isGuarded(workspaceId: number, appId: string): boolean;
}

/** Writes what providers say about tokens, together with the results, and guards against believing too much of it. */
export class TokenHygiene {
  readonly #options: TokenHygieneOptions;
  #counts = new Map<string, CallCounts>();
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #cancelSweep: (() => void) | null = null;
  /** The sweep under way. null: none. A slow database gets no second one beside it; the next comes after it. */
  #sweeping: Promise<void> | null = null;
  #isSweepDue = false;

  constructor(options: TokenHygieneOptions) {
    this.#options = options;
  }

  /** Counts calls in memory. The next `write` writes them. */
  count(calls: Delivered['calls']): void {
    for (const { appId, settings, answer } of calls) {
      const known = this.#countsOf(appId, settings);
      known.calls += 1;
      if (answer === 'accepted') known.accepted += 1;
      if (answer === 'ambiguous') known.ambiguous += 1;
    }
  }

  #countsOf(appId: string, settings: string): CallCounts {
    const key = `${appId} ${settings}`;
    const known = this.#counts.get(key) ?? { appId, settings, calls: 0, accepted: 0, ambiguous: 0 };
    this.#counts.set(key, known);
    return known;
  }

  /** True: counts must be written now. */
  hasCounts(now: Date): boolean {
    if (this.#counts.size === 0) return false;
    return (
      now.getTime() - this.#countedAtMs >= COUNT_EVERY_MS ||
      this.#counts.values().some(({ ambiguous }) => ambiguous > 0)
    );
  }

  /** Writes counts and news in a transaction. Returns the function to call after the commit. */
  async write(tx: Db, news: readonly TokenNews[], now: Date): Promise<() => void> {
    return this.#withCounts(async (counts) => {
      await addCalls(tx, counts, now);
      await removeTokens(
        tx,
        news.flatMap((one) => (one.news.kind === 'dead' ? { ...one, ...one.news } : [])),
        now,
      );
      await replaceTokens(
        tx,
        news.flatMap((one) => (one.news.kind === 'replaced' ? { ...one, ...one.news } : [])),
      );
      await keepEnvironments(
        tx,
        news.flatMap((one) => (one.news.kind === 'environment' ? { ...one, ...one.news } : [])),
      );
      return this.#doubt(
        tx,
        news.flatMap((one) => (one.news.kind === 'suspect' ? { ...one, ...one.news } : [])),
        now,
      );
    }, now);
  }

  /** Takes the counts out of memory, and puts them back if they cannot be written. */
  async #withCounts<T>(write: (counts: readonly CallCounts[]) => Promise<T>, now: Date): Promise<T> {
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    this.#countedAtMs = now.getTime();
    try {
      return await write(counts);
    } catch (error) {
      for (const { appId, settings, calls, accepted, ambiguous } of counts) {
        const since = this.#countsOf(appId, settings);
        since.calls += calls;
        since.accepted += accepted;
        since.ambiguous += ambiguous;
      }
      throw error;
    }
  }

  start(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_EVERY_MS, () => {
      this.#isSweepDue = true;
      this.#sweeping ??= this.#sweepWhileDue();
      this.start();
    });
  }

  async #sweepWhileDue(): Promise<void> {
    while (this.#isSweepDue) {
      this.#isSweepDue = false;
      await this.#sweep();
    }
    this.#sweeping = null;
  }

  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#isSweepDue = false;
    await this.#sweeping;
  }

  async #doubt(tx: Db, suspects: readonly Doubt[], now: Date): Promise<() => void> {
    const believed = suspects.filter(({ workspaceId, appId }) => !this.#options.isGuarded(workspaceId, appId));
    if (believed.length === 0) return () => undefined;
    await suspectTokens(tx, believed, now);
    const workspaces = new Map(believed.map(({ appId, workspaceId }) => [appId, workspaceId]));
    const tripped = (await recentCalls(tx, [...workspaces.keys()], now)).filter(guardTrips);
    for (const { appId } of tripped) {
      await clearSuspects(tx, appId, now);
      await forgetCalls(tx, appId);
    }
    return () => {
      for (const { appId, calls, ambiguous } of tripped) {
        const reason = `${ambiguous} of ${calls} tokens called bad within ten minutes`;
        this.#options.onGuardTripped(workspaces.get(appId) ?? 0, appId, reason);
      }
    };
  }

  async #sweep(): Promise<void> {
    const { db, clock, log } = this.#options;
    const now = clock.now();
    try {
      const before = new Date(now.getTime() - SUSPECT_MS);
      // A small workspace may make too few calls for anything else to write them.
      await this.#withCounts((counts) => addCalls(db, counts, now), now);
      const { removed, cleared } = await db.transaction(async (tx) => {
        const pauses = await listPauses(tx);
        const paused = pauses.flatMap(({ subject, cause }) => {
          const appId = appIdOf(subject);
          return appId === null || cause === 'slow_down' ? [] : { appId, cause };
        });
        // Results that were being written while the guard tripped may have marked tokens.
        for (const { appId, cause } of paused) if (cause === 'guard') await clearSuspects(tx, appId, now);
        // Tokens of any paused app may be suspect because of wrong settings.
        const spared = paused.map(({ appId }) => appId);
        return judgeOldSuspects(tx, { before, spared, proven: await provenSettings(tx, now), now });
      });
      if (removed > 0) log.info({ tokens: removed }, 'removed push tokens that were suspect for ten minutes');
      if (cleared > 0)
        log.warn(
          { tokens: cleared },
          'cleared push tokens that were suspect for ten minutes: their apps have too few accepted calls to blame the tokens',
        );
      await forgetOldCalls(db, now);
    } catch (error) {
      log.error({ err: error }, 'suspect push tokens could not be removed; trying again in a minute');
    }
  }
}

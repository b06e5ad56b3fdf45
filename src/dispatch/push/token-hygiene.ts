import type { Logger } from 'pino';
import type { Database, Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import {
  type Complaint,
  clearSuspects,
  keepEnvironments,
  removeOldSuspects,
  removeTokens,
  replaceTokens,
  suspectTokens,
} from '../../people/tokens/push-tokens.ts';
import type { Delivered, TokenNews } from '../ledger/delivered.ts';
import { listPauses } from '../pauses/pauses-store.ts';
import { appIdOf } from '../pauses/subject.ts';
import { type AppCalls, addCalls, forgetCalls, forgetOldCalls, guardTrips, recentCalls } from './guard.ts';

/**
 * A suspect token is removed after this time, in milliseconds, unless it was cleared. Source: messaging-objects.md
 * §1.11.
 */
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
  #counts = new Map<string, AppCalls>();
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #cancelSweep: (() => void) | null = null;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: TokenHygieneOptions) {
    this.#options = options;
  }

  /** Counts calls in memory. The next `write` writes them. */
  count(calls: Delivered['calls']): void {
    for (const { appId, isAmbiguous } of calls) {
      const known = this.#counts.get(appId);
      if (known === undefined) this.#counts.set(appId, { appId, calls: 1, ambiguous: isAmbiguous ? 1 : 0 });
      else {
        known.calls += 1;
        if (isAmbiguous) known.ambiguous += 1;
      }
    }
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
    const counts = this.#counts;
    this.#counts = new Map();
    this.#countedAtMs = now.getTime();
    try {
      await addCalls(tx, [...counts.values()], now);
      await removeTokens(tx, complaintsOf(news, 'dead'), now);
      await replaceTokens(
        tx,
        news.flatMap((one) => (one.news.kind === 'replaced' ? { ...one, ...one.news } : [])),
      );
      await keepEnvironments(
        tx,
        news.flatMap((one) => (one.news.kind === 'environment' ? { ...one, ...one.news } : [])),
      );
      return await this.#doubt(tx, complaintsOf(news, 'suspect'), now);
    } catch (error) {
      for (const { appId, calls, ambiguous } of counts.values()) {
        const since = this.#counts.get(appId);
        this.#counts.set(appId, {
          appId,
          calls: calls + (since?.calls ?? 0),
          ambiguous: ambiguous + (since?.ambiguous ?? 0),
        });
      }
      throw error;
    }
  }

  start(): void {
    this.#cancelSweep = this.#options.clock.after(SWEEP_EVERY_MS, () => {
      this.#sweeping = this.#sweep();
      this.start();
    });
  }

  async stop(): Promise<void> {
    this.#cancelSweep?.();
    await this.#sweeping;
  }

  async #doubt(tx: Db, suspects: readonly Complaint[], now: Date): Promise<() => void> {
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
      const removed = await db.transaction(async (tx) => {
        const pauses = await listPauses(tx);
        const paused = pauses.flatMap(({ subject, cause }) => {
          const appId = appIdOf(subject);
          return appId === null || cause === 'slow_down' ? [] : { appId, cause };
        });
        // Results that were being written while the guard tripped may have marked tokens.
        for (const { appId, cause } of paused) if (cause === 'guard') await clearSuspects(tx, appId, now);
        // Tokens of any paused app may be suspect because of wrong settings.
        return removeOldSuspects(tx, { before, spared: paused.map(({ appId }) => appId), now });
      });
      if (removed > 0) log.info({ tokens: removed }, 'removed push tokens that were suspect for ten minutes');
      await forgetOldCalls(db, now);
    } catch (error) {
      log.error({ err: error }, 'suspect push tokens could not be removed; trying again in a minute');
    }
  }
}

function complaintsOf(news: readonly TokenNews[], kind: 'dead' | 'suspect'): Complaint[] {
  return news.flatMap((one) => (one.news.kind === kind ? { ...one, reason: one.news.reason } : []));
}

import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Backlog, measureBacklog } from '../../queue/backlog.ts';
import { lanes } from '../plan/send-plan.ts';

/** The most that may wait in a lane before requests are refused. 0: no limit. */
export interface LaneLimit {
  maxTasks: number;
  /** Time for which the longest-waiting due task may wait for a worker, in milliseconds. */
  maxAgeMs: number;
}

export interface QueueLimits {
  named: LaneLimit;
  broadcast: LaneLimit;
}

export interface Pressure {
  /** Rejects with RequestError `queue_full` while too much waits in this lane. Otherwise costs one comparison: null. */
  admit(lane: number): Promise<void> | null;
  /** Why requests for a lane with this backlog are refused. null: they are not. */
  problemOf(lane: keyof QueueLimits, backlog: Backlog): string | null;
}

const REFRESH_MS = 1_000;
/** Largest share of the time that counting a very long queue takes. */
const SHARE = 0.02;
const RETRY_AFTER_S = { named: 5, broadcast: 60 };

/**
 * Refuses requests while too much waits in their lane. It measures the queue once a second while requests come. A
 * request that is admitted never waits for a measurement: the last one decides. A refusal is decided by one that is at
 * most a second old. Each lane is judged apart, so a long broadcast never makes the server refuse a receipt.
 */
export function createPressure({
  db,
  clock,
  limits,
  onError,
  onChange,
}: {
  db: Database;
  clock: Clock;
  limits: QueueLimits;
  /** Told when the queue could not be measured. No request is refused because of that. */
  onError(error: unknown): void;
  /** Told why requests for this lane are refused from now on. null: they are accepted again. */
  onChange(lane: keyof QueueLimits, problem: string | null): void;
}): Pressure {
  const gauges = new Map([
    [lanes.named as number, gauge('named')],
    [lanes.broadcast, gauge('broadcast')],
  ]);

  function gauge(name: keyof QueueLimits): Gauge {
    const limit = limits[name];
    // Counting stops one above the limit. Without a limit nothing is counted.
    const look = () =>
      measureBacklog(db, { lane: lanes[name], now: clock.now(), mostTasks: limit.maxTasks && limit.maxTasks + 1 });
    return new Gauge({
      limit,
      retryAfterS: RETRY_AFTER_S[name],
      clock,
      look,
      onError,
      onChange: (problem) => onChange(name, problem),
    });
  }

  return {
    admit: (lane) => gauges.get(lane)?.admit() ?? null,
    problemOf: (lane, backlog) => problemOf(backlog, limits[lane]),
  };
}

interface GaugeOptions {
  limit: LaneLimit;
  retryAfterS: number;
  clock: Clock;
  look(): Promise<Backlog>;
  onError(error: unknown): void;
  onChange(problem: string | null): void;
}

class Gauge {
  readonly #options: GaugeOptions;
  #problem: string | null = null;
  #freshUntilMs = 0;
  #looking: Promise<void> | null = null;

  constructor(options: GaugeOptions) {
    this.#options = options;
  }

  admit(): Promise<void> | null {
    const { limit, clock } = this.#options;
    if (limit.maxTasks === 0 && limit.maxAgeMs === 0) return null;
    if (clock.now().getTime() >= this.#freshUntilMs) this.#looking ??= this.#look();
    return this.#problem === null ? null : this.#refuse();
  }

  /** Unless the look that is on its way finds that there is room again. */
  async #refuse(): Promise<void> {
    await this.#looking;
    if (this.#problem !== null) throw new RequestError('queue_full', [this.#problem], this.#options.retryAfterS);
  }

  async #look(): Promise<void> {
    const { clock, onError } = this.#options;
    const startedMs = clock.now().getTime();
    const start = performance.now();
    try {
      this.#judge(await this.#options.look());
    } catch (error) {
      this.#problem = null;
      onError(error);
    }
    const tookMs = performance.now() - start;
    this.#freshUntilMs = startedMs + Math.max(REFRESH_MS, tookMs / SHARE);
    this.#looking = null;
  }

  #judge(backlog: Backlog): void {
    const { limit, onChange } = this.#options;
    const problem = problemOf(backlog, limit);
    if ((problem === null) !== (this.#problem === null)) onChange(problem);
    this.#problem = problem;
  }
}

function problemOf({ tasks, ageMs }: Backlog, { maxTasks, maxAgeMs }: LaneLimit): string | null {
  if (maxAgeMs > 0 && ageMs > maxAgeMs)
    return `what was accepted waits for ${Math.floor(ageMs / 1_000)} s already, more than the ${maxAgeMs / 1_000} s allowed`;
  if (maxTasks > 0 && tasks > maxTasks) return `more than the ${maxTasks} tasks allowed are waiting`;
  return null;
}

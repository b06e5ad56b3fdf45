import { BoundedCache } from '../lib/bounded-cache.ts';

/** Statuses that count as failures of a host; 599 stands for no answer. Source: personalization.md §8; messaging-objects.md §9.5. */
const failures: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 529, 599]);
/** A host is unhealthy with more failures than this within a minute. */
export const MOST_FAILURES = 3_000;
const SECONDS = 60;
/** How long an unhealthy host is not called, in milliseconds. */
const REST_MS = 60_000;
const MOST_HOSTS = 1_000;

/** When hosts rest, and what ends it. */
export interface HealthRule {
  /** A host is unhealthy only if a greater share of its calls failed. 0: failures alone decide. */
  mostShare: number;
  /** Calls after a rest that show whether the host is well again. 0: it is taken to be well. */
  probes: number;
}

interface Health {
  /** Calls and failures of each second of the last minute, by second modulo 60. */
  seconds: { second: number; calls: number; failures: number }[];
  /** When calls may be made again, in milliseconds since 1970. 0: at once. */
  restsUntilMs: number;
  /** Probes that are still to be made. 0: the host is taken to be well. */
  probes: number;
}

/** Knows which hosts fail so often that they are not called for a while. */
export class HostHealth {
  readonly #hosts = new BoundedCache<string, Health>({ mostBytes: MOST_HOSTS, most: MOST_HOSTS });
  readonly #rule: HealthRule;

  constructor(rule: HealthRule) {
    this.#rule = rule;
  }

  /** Whether the host may be called now. A probe is counted. */
  mayCall(host: string, nowMs: number): boolean {
    const health = this.#hosts.get(host);
    if (health === undefined || health.restsUntilMs === 0) return true;
    if (nowMs < health.restsUntilMs) return false;
    if (this.#rule.probes === 0) Object.assign(health, well());
    if (health.restsUntilMs === 0) return true;
    if (health.probes === 0) return false;
    health.probes -= 1;
    return true;
  }

  /** Returns whether the host rests from now on. */
  note(host: string, status: number, nowMs: number): boolean {
    const isFailure = failures.has(status);
    // Without a share, good answers say nothing.
    if (!isFailure && this.#rule.mostShare === 0) return false;
    const health = this.#hosts.get(host) ?? well();
    this.#hosts.set(host, health, 1);
    if (health.restsUntilMs !== 0) return nowMs >= health.restsUntilMs && this.#noteProbe(health, isFailure, nowMs);
    const second = Math.floor(nowMs / 1_000);
    const slot = health.seconds[second % SECONDS];
    const current = slot?.second === second ? slot : { second, calls: 0, failures: 0 };
    health.seconds[second % SECONDS] = current;
    current.calls += 1;
    if (!isFailure) return false;
    current.failures += 1;
    return this.#isUnhealthy(health, second) && this.#rest(health, nowMs);
  }

  #isUnhealthy({ seconds }: Health, now: number): boolean {
    let calls = 0;
    let failed = 0;
    for (const slot of seconds) {
      if (slot === undefined || now - slot.second >= SECONDS) continue;
      calls += slot.calls;
      failed += slot.failures;
    }
    return failed > MOST_FAILURES && failed > this.#rule.mostShare * calls;
  }

  /** One good probe ends the rest; if all fail, the host rests again. */
  #noteProbe(health: Health, isFailure: boolean, nowMs: number): boolean {
    if (isFailure) return health.probes === 0 && this.#rule.probes > 0 && this.#rest(health, nowMs);
    Object.assign(health, well());
    return false;
  }

  #rest(health: Health, nowMs: number): true {
    Object.assign(health, { seconds: [], restsUntilMs: nowMs + REST_MS, probes: this.#rule.probes });
    return true;
  }
}

function well(): Health {
  return { seconds: [], restsUntilMs: 0, probes: 0 };
}

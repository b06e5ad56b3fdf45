import { BoundedCache } from '../lib/bounded-cache.ts';

/** Statuses that count as failures of a host. Source: personalization.md §8. */
const failures: ReadonlySet<number> = new Set([408, 429, 502, 503, 504, 529, 599]);
/** A host is unhealthy with more failures than this, and a greater share of them, within a minute. */
const MOST_FAILURES = 3_000;
const MOST_SHARE = 0.9;
const SECONDS = 60;
/** How long an unhealthy host is not called, in milliseconds. */
const REST_MS = 60_000;
/** Calls after the rest that show whether the host is well again. */
const PROBES = 5;
const MOST_HOSTS = 1_000;

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

  /** Whether the host may be called now. A probe is counted. */
  mayCall(host: string, nowMs: number): boolean {
    const health = this.#hosts.get(host);
    if (health === undefined || health.restsUntilMs === 0) return true;
    if (nowMs < health.restsUntilMs || health.probes === 0) return false;
    health.probes -= 1;
    return true;
  }

  note(host: string, status: number, nowMs: number): void {
    const health = this.#hosts.get(host) ?? { seconds: [], restsUntilMs: 0, probes: 0 };
    this.#hosts.set(host, health, 1);
    const isFailure = failures.has(status);
    if (health.restsUntilMs !== 0) {
      if (nowMs >= health.restsUntilMs) noteProbe(health, isFailure, nowMs);
      return;
    }
    const second = Math.floor(nowMs / 1_000);
    const slot = health.seconds[second % SECONDS];
    const current = slot?.second === second ? slot : { second, calls: 0, failures: 0 };
    health.seconds[second % SECONDS] = current;
    current.calls += 1;
    if (!isFailure) return;
    current.failures += 1;
    if (isUnhealthy(health, second)) rest(health, nowMs);
  }
}

function isUnhealthy({ seconds }: Health, now: number): boolean {
  let calls = 0;
  let failed = 0;
  for (const slot of seconds) {
    if (slot === undefined || now - slot.second >= SECONDS) continue;
    calls += slot.calls;
    failed += slot.failures;
  }
  return failed > MOST_FAILURES && failed > MOST_SHARE * calls;
}

/** One good probe ends the rest; if all fail, the host rests again. */
function noteProbe(health: Health, isFailure: boolean, nowMs: number): void {
  if (!isFailure) Object.assign(health, { seconds: [], restsUntilMs: 0, probes: 0 });
  else if (health.probes === 0) rest(health, nowMs);
}

function rest(health: Health, nowMs: number): void {
  Object.assign(health, { seconds: [], restsUntilMs: nowMs + REST_MS, probes: PROBES });
}

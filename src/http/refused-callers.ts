import type { ErrorCode } from '../errors.ts';
import type { Clock } from '../lib/clock.ts';

/** A key whose requests this server answered with 429. */
interface Refused {
  workspaceId: number;
  key: string;
  /** Method and path, such as `POST /users/track`. */
  endpoint: string;
  /** What the last answer said. */
  why: string;
  /** The code of the last answer. */
  code: ErrorCode;
  times: number;
  since: Date;
  last: Date;
}

/** What the requests of a key are refused for. */
export interface RefusedCaller {
  /** A sentence that names the key. */
  said: string;
  /** Whether a quota of the workspace is used up, against which slower requests do not help. */
  isQuota: boolean;
}

/** What is older is no news: a caller that still comes too often is refused again before that. */
const KEPT_MS = 5 * 60_000;
const MOST_KEPT = 1_000;

/** Who came too often of late, so that an operator can say which customer it is. Of this process alone, in memory. */
export class RefusedCallers {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #refused = new Map<string, Refused>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** True: the first refusal of this key at this endpoint since it was quiet. */
  note({ workspaceId, key, endpoint, why, code }: Omit<Refused, 'times' | 'since' | 'last'>): boolean {
    this.#forgetOld();
    const id = JSON.stringify([workspaceId, key, endpoint]);
    const now = this.#clock.now();
    const known = this.#refused.get(id);
    if (known !== undefined) Object.assign(known, { times: known.times + 1, last: now, why, code });
    if (known !== undefined || this.#refused.size >= MOST_KEPT) return false;
    this.#refused.set(id, { workspaceId, key, endpoint, why, code, times: 1, since: now, last: now });
    return true;
  }

  /** One sentence for each key and endpoint of a workspace. */
  problems(workspaceId: number): RefusedCaller[] {
    this.#forgetOld();
    const ofWorkspace = [...this.#refused.values()].filter((one) => one.workspaceId === workspaceId);
    return ofWorkspace.map(({ key, endpoint, why, code, times, since, last }) => {
      const counted = `${times} × 429 at ${endpoint} since ${since.toISOString()}, last at ${last.toISOString()}`;
      const isQuota = code === 'quota_used_up';
      const said = isQuota
        ? `requests of API key "${key}" are refused: ${why} (${counted})`
        : `API key "${key}" comes too often: ${counted}`;
      return { said, isQuota };
    });
  }

  #forgetOld(): void {
    const nowMs = this.#clock.now().getTime();
    for (const [id, { last }] of this.#refused) if (nowMs - last.getTime() >= KEPT_MS) this.#refused.delete(id);
  }
}

import type { Clock } from '../lib/clock.ts';

/** A key whose requests this server answered with 429. */
interface Refused {
  workspaceId: number;
  key: string;
  /** Method and path, such as `POST /users/track`. */
  endpoint: string;
  times: number;
  since: Date;
  last: Date;
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
  note({ workspaceId, key, endpoint }: Pick<Refused, 'workspaceId' | 'key' | 'endpoint'>): boolean {
    this.#forgetOld();
    const id = JSON.stringify([workspaceId, key, endpoint]);
    const now = this.#clock.now();
    const known = this.#refused.get(id);
    if (known !== undefined) Object.assign(known, { times: known.times + 1, last: now });
    if (known !== undefined || this.#refused.size >= MOST_KEPT) return false;
    this.#refused.set(id, { workspaceId, key, endpoint, times: 1, since: now, last: now });
    return true;
  }

  /** One sentence for each key and endpoint of a workspace. */
  problems(workspaceId: number): string[] {
    this.#forgetOld();
    const ofWorkspace = [...this.#refused.values()].filter((one) => one.workspaceId === workspaceId);
    return ofWorkspace.map(
      ({ key, endpoint, times, since, last }) =>
        `API key "${key}" comes too often: ${times} × 429 at ${endpoint} since ${since.toISOString()}, last at ${last.toISOString()}`,
    );
  }

  #forgetOld(): void {
    const nowMs = this.#clock.now().getTime();
    for (const [id, { last }] of this.#refused) if (nowMs - last.getTime() >= KEPT_MS) this.#refused.delete(id);
  }
}

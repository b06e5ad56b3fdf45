import type { Fetched } from '../../../connected-content/fetched.ts';
import type { Later, Refusal } from '../decision.ts';

/** Waits before a message with `:retry` is composed again, in milliseconds. Source: personalization.md §8. */
const WAITS_MS = [30_000, 60_000, 120_000, 240_000, 480_000] as const;

/** What becomes of a message whose content did not come. `tries`: how often it was put back already. Pure. */
export function withoutContent({ failure }: Pick<Fetched, 'failure'>, tries: number, now: Date): Later | Refusal {
  const what = `connected content did not come: ${failure ?? 'no answer'}`;
  const waitMs = WAITS_MS[tries];
  if (waitMs === undefined)
    return {
      ...{ kind: 'refuse', status: 'aborted', reason: 'content_unavailable' },
      detail: `${what}; tried ${WAITS_MS.length + 1} times`,
    };
  const detail = `${what}; retry ${tries + 1} of ${WAITS_MS.length}`;
  return { kind: 'later', at: new Date(now.getTime() + waitMs), missing: { detail, contentTries: tries + 1 } };
}

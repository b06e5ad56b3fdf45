import type { Clock } from '../../lib/clock.ts';
import type { TokenReading } from './providers/adm.ts';

export interface AccessTokens {
  /**
   * A token that is valid for at least five more minutes, if ADM issues such tokens. Concurrent callers share one
   * request.
   */
  current(): Promise<TokenReading>;
  /** Forgets a refused token, so that the next call of `current` fetches a new one. */
  forget(accessToken: string): void;
}

const RENEW_EARLY_S = 300;

/** The access tokens of one account. `fetchToken` must not reject. */
export function createAccessTokens(clock: Clock, fetchToken: () => Promise<TokenReading>): AccessTokens {
  let held: { reading: TokenReading & { ok: true }; until: number } | null = null;
  let fetching: Promise<TokenReading> | null = null;

  async function renew(): Promise<TokenReading> {
    const reading = await fetchToken();
    if (reading.ok) held = { reading, until: clock.now().getTime() + usableMs(reading.expiresInS) };
    return reading;
  }

  return {
    async current() {
      if (held !== null && clock.now().getTime() < held.until) return held.reading;
      fetching ??= renew().finally(() => {
        fetching = null;
      });
      return fetching;
    },
    forget(accessToken) {
      if (held?.reading.accessToken === accessToken) held = null;
    },
  };
}

/** How long a token is used, in milliseconds. A token valid for ten minutes or less is used for half of that time. */
function usableMs(expiresInS: number): number {
  return 1_000 * (expiresInS > 2 * RENEW_EARLY_S ? expiresInS - RENEW_EARLY_S : expiresInS / 2);
}

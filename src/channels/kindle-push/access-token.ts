import type { Clock } from '../../lib/clock.ts';
import type { TokenReading } from './providers/adm.ts';

export interface AccessTokens {
  /** A token that is good for five more minutes, asked for by one call however many wait for it. */
  current(): Promise<TokenReading>;
  /** This one was refused: the next is a new one. */
  forget(accessToken: string): void;
}

const RENEW_EARLY_S = 300;

/** `fetchToken` does not reject. */
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

/** One that lives hardly longer than the margin is used for half its life. */
function usableMs(expiresInS: number): number {
  return 1_000 * (expiresInS > 2 * RENEW_EARLY_S ? expiresInS - RENEW_EARLY_S : expiresInS / 2);
}

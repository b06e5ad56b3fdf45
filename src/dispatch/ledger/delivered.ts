import type { SentToken } from '../../people/tokens/push-tokens.ts';
import type { Verdict } from './send.ts';

/** What a provider's answer says of a token, to be written down with the verdict. */
export interface TokenNews extends SentToken {
  news:
    | { kind: 'dead' | 'suspect'; reason: string }
    | { kind: 'replaced'; newToken: string }
    | { kind: 'environment'; environment: 'production' | 'development' };
}

/** What came of an attempt, and all that is to be written down of it. */
export interface Delivered {
  verdict: Verdict;
  /** The message belongs into the outbox. */
  isSandbox: boolean;
  /** What providers said of tokens. */
  news: readonly TokenNews[];
  /** Calls to push providers. */
  calls: readonly { appId: string; isAmbiguous: boolean }[];
}

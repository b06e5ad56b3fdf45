import type { SentToken } from '../../people/tokens/push-tokens.ts';
import type { Verdict } from './send.ts';

/** A provider's statement about a token. It is written with the verdict. */
export interface TokenNews extends SentToken {
  news:
    | { kind: 'dead' | 'suspect'; reason: string }
    | { kind: 'replaced'; newToken: string }
    | { kind: 'environment'; environment: 'production' | 'development' };
}

/** The result of an attempt, with everything to write. */
export interface Delivered {
  verdict: Verdict;
  /** True: the message goes to the sandbox. */
  isSandbox: boolean;
  /** What providers said about tokens. */
  news: readonly TokenNews[];
  /** The calls made to push providers. */
  calls: readonly { appId: string; isAmbiguous: boolean }[];
}

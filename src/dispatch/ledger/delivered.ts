import type { SentToken } from '../../people/tokens/push-tokens.ts';
import type { Verdict } from './send.ts';

/** A provider's statement about a token. It is written with the verdict. */
export interface TokenNews extends SentToken {
  news:
    | { kind: 'dead'; reason: string }
    /** `settings`: digest of the app's settings with which the call was made. */
    | { kind: 'suspect'; reason: string; settings: string }
    | { kind: 'replaced'; newToken: string }
    | { kind: 'environment'; environment: 'production' | 'development' };
}

/** The result of an attempt, with everything to write. */
export interface Delivered {
  verdict: Verdict;
  /** Where the message is kept, with the verdict. null: nowhere; a provider has it, or nobody. */
  keptIn: 'sandbox' | 'feed' | null;
  /** What providers said about tokens. */
  news: readonly TokenNews[];
  /** The calls made to push providers. */
  calls: readonly PushCall[];
  /** Ids of the apps whose settings must be right first, or whose provider must want messages again. Absent: none. */
  waitsForApps?: readonly string[];
  /** The subscription group of which the person wants no more messages, as the provider said. Absent: none. */
  optedOutOf?: string;
}

/** One call to a push provider. */
export interface PushCall {
  appId: string;
  /** Digest of the app's settings with which the call was made. */
  settings: string;
  /** `ambiguous`: the answer called the token bad, but our settings may be wrong instead. */
  answer: 'accepted' | 'ambiguous' | 'other';
}

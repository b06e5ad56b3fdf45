import { networkReason } from '../../net/http-post.ts';
import { reachedNobody } from '../../net/reached-nobody.ts';
import type { Retry } from '../outcome.ts';
import { connectionWords, withWords } from './provider-words.ts';

/** The outcome of a POST to `url` without an answer: a retry, which is unclear unless there was never a connection. */
export function unansweredPost(error: unknown, url: URL): Retry {
  const outcome: Retry = {
    kind: 'retry',
    reason: networkReason(error),
    ...(!reachedNobody(error) && { isUnclear: true }),
  };
  return withWords(outcome, connectionWords(error, url));
}

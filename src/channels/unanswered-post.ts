import { networkReason } from '../net/http-post.ts';
import { reachedNobody } from '../net/reached-nobody.ts';
import type { Retry } from './outcome.ts';

/** The outcome of a POST without an answer: a retry, which is unclear unless there was never a connection. */
export function unansweredPost(error: unknown): Retry {
  return { kind: 'retry', reason: networkReason(error), ...(!reachedNobody(error) && { isUnclear: true }) };
}

import { networkReason } from '../net/http-post.ts';
import { reachedNobody } from '../net/reached-nobody.ts';
import type { Retry } from './outcome.ts';

/** No answer came: to be tried again, and unclear unless there never was a connection. */
export function unansweredPost(error: unknown): Retry {
  return { kind: 'retry', reason: networkReason(error), ...(!reachedNobody(error) && { isUnclear: true }) };
}

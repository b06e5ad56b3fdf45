import type { RecipientPage } from '../../../dispatch/report/recipients.ts';
import { nextCursor } from '../../query.ts';
import type { Answer } from '../../route.ts';

/** A page of recipients and their verdicts. */
export function recipientsAnswer({ verdicts, next }: RecipientPage): Answer {
  return { status: 200, body: { recipients: verdicts, ...nextCursor(next), message: 'success' } };
}

/** A page of dispatches. `next`: the id of the last one, if there are more. */
export function dispatchesAnswer({ dispatches, next }: { dispatches: object[]; next: string | null }): Answer {
  return { status: 200, body: { dispatches, ...nextCursor(next === null ? null : { id: next }), message: 'success' } };
}

import type { Refusal } from '../../../dispatch/expand/expand-named.ts';
import { type RecipientCursor, type RecipientFilter, verdictOfRefusal } from '../../../dispatch/report/verdicts.ts';
import { nextCursor } from '../../query.ts';
import type { Answer } from '../../route.ts';

/** A page of recipients and their verdicts. The first page begins with people who were refused before any channel. */
export function recipientsAnswer(
  { verdicts, next }: { verdicts: readonly object[]; next: RecipientCursor | null },
  refusals: readonly Refusal[],
  { after, channel, status }: RecipientFilter,
): Answer {
  const showsRefusals = after === null && channel === null && (status === null || status === 'skipped');
  const refused = showsRefusals ? refusals.map(verdictOfRefusal) : [];
  return { status: 200, body: { recipients: [...refused, ...verdicts], ...nextCursor(next), message: 'success' } };
}

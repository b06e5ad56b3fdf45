import type { SandboxCursor } from '../../../dispatch/report/sandbox.ts';
import { nextCursor } from '../../query.ts';
import type { Answer } from '../../route.ts';

/** A page of messages as they would have been sent. */
export function messagesAnswer(messages: readonly object[], next: SandboxCursor | null): Answer {
  return { status: 200, body: { messages, ...nextCursor(next), message: 'success' } };
}

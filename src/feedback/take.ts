import type { FeedbackEvent } from './event.ts';
import type { Intake, Taken } from './intake.ts';

/** What whoever takes feedback in needs. */
export interface FeedbackDeps {
  intake: Intake;
}

/**
 * Takes what a provider said of sends and addresses of a workspace. Resolves after the commit, from when on nothing of it is
 * lost; a worker applies it. An event that was taken before is passed over. Throws RequestError `queue_full` if too much waits.
 */
export function takeFeedback(
  { intake }: FeedbackDeps,
  workspaceId: number,
  events: readonly FeedbackEvent[],
): Promise<Taken> {
  return intake.take(workspaceId, events);
}

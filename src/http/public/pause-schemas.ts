import { type Members, oneOf, optional, orNull, text, time } from '../openapi/schema.ts';

/** Whether something is paused. */
export const pauseMembers = (states: readonly string[]): Members => ({
  state: oneOf(states),
  cause: optional(text('Only if it is paused.')),
  reason: optional(orNull(text('What the provider said.'))),
  since: optional(time()),
  next_probe_at: optional(orNull(time())),
});

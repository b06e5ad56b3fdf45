import type { LoadedDispatch } from './loaded-dispatch.ts';
import { isTimed } from './schedule.ts';

const NEVER = new Date('9999-01-01T00:00:00Z');

type Timing = Pick<LoadedDispatch, 'schedule' | 'plan' | 'messages'>;

/**
 * Whether its messages begin at times of their own, so that their ages differ and what waits is no backlog: by a schedule,
 * after quiet hours, or by a pace.
 */
export function hasOwnStarts({ schedule, plan, messages }: Timing): boolean {
  return isTimed(schedule) || isPaced(plan) || mayHold(messages);
}

/** Whether messages are begun only as a pace or a canary allows. */
export function isPaced({ pace, canary }: Pick<LoadedDispatch['plan'], 'pace' | 'canary'>): boolean {
  return pace !== undefined || canary !== undefined;
}

function mayHold(messages: LoadedDispatch['messages']): boolean {
  return [...messages.values()].some(({ gate }) => gate.quiet?.rules.some(({ action }) => action === 'hold') === true);
}

/** The time from which the age of its messages is estimated, as long as no single one is looked at. */
export function agesFrom(dispatch: Timing & Pick<LoadedDispatch, 'triedSince'>): Date {
  return hasOwnStarts(dispatch) ? NEVER : dispatch.triedSince;
}

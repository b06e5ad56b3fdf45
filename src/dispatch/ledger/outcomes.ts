import type { Channel } from '../../channels/channel.ts';
import { type Held, INTERNAL_ERROR, OUR_ERROR, type Outcome, type Retry } from '../../channels/outcome.ts';
import { nextWaitMs } from '../../channels/retry.ts';
import type { DeliveryMode } from '../plan/send-plan.ts';
import type { Verdict } from './send.ts';

/**
 * Time between two probes whether a provider accepts our settings, in milliseconds. Source: messaging-objects.md §1.9,
 * `config_error`.
 */
export const PROBE_EVERY_MS = 300_000;

const SETTINGS_REFUSED = 'the provider does not accept our settings; tried again every five minutes';
const CANNOT_BE_OPENED = `${OUR_ERROR}; tried again every five minutes`;
/** Neither our own faults nor a provider that is away cost the message an attempt. */
const NO_ATTEMPT = -1;

/** How long an account rests if the provider asks for it without a time, in milliseconds. */
const REST_MS = 60_000;
/** A provider may ask for a rest again and again, so no rest is shorter than this, in milliseconds. */
const SHORTEST_REST_MS = 1_000;
const LONGEST_REST_MS = 3_600_000;

/** How long an account rests that its provider wants to slow down, in milliseconds. */
export function restMsOf({ afterMs = REST_MS }: Pick<Retry, 'afterMs'>): number {
  return Math.min(Math.max(afterMs, SHORTEST_REST_MS), LONGEST_REST_MS);
}

/** Whether an answer is about the account alone, so that it costs the message no attempt. */
export function isRest({ slows }: Pick<Retry, 'slows'>, { countsSlowed }: Pick<Channel, 'countsSlowed'>): boolean {
  return slows === 'account' && countsSlowed !== true;
}

export interface Attempted {
  /** The channel, which has the schedule of retries. */
  channel: Pick<Channel, 'retry' | 'countsSlowed'>;
  delivery: DeliveryMode;
  /** Number of attempts, this one included. */
  attempts: number;
  acceptedAt: Date;
  now: Date;
  /** A random number between 0 and 1. */
  random: number;
}

/** Turns the outcome of an attempt into the verdict for the ledger. Pure. Source: eligibility.md §1, second table. */
export function verdictOf(outcome: Outcome | Held, attempted: Attempted): Verdict {
  if (outcome.kind === 'expired') return { status: 'expired', reason: 'expired', releasesSlot: true };
  if (outcome.kind === 'accepted') return verdictOfAccepted(outcome);
  const detail = outcome.detail === undefined ? {} : { detail: outcome.detail };
  const said = { providerCode: outcome.reason, ...detail };
  switch (outcome.kind) {
    case 'retry':
      if (isRest(outcome, attempted.channel)) return { ...said, ...restUntil(attempted, restMsOf(outcome)) };
      return isGivenUpAsUnclear(outcome, attempted.delivery)
        ? { status: 'unknown', reason: 'unknown', ...said }
        : { ...said, ...retryOrGiveUp(outcome.reason, outcome.afterMs, attempted) };
    case 'bounced':
      return {
        status: 'bounced',
        reason: outcome.isOurs ? outcome.reason : 'address_dead',
        ...said,
        releasesSlot: true,
      };
    case 'failed':
      return {
        status: 'failed',
        reason: outcome.isOurs ? outcome.reason : 'provider_refused',
        ...said,
        releasesSlot: true,
      };
    case 'config_error':
      return {
        ...said,
        detail: detailOfRefusal(outcome),
        ...restUntil(attempted, PROBE_EVERY_MS),
      };
    case 'held':
      return {
        status: 'pending',
        ...said,
        detail: outcome.detail ?? null,
        dueAt: outcome.untilMs === null ? null : new Date(outcome.untilMs),
        extraAttempts: NO_ATTEMPT,
      };
    case 'unknown':
      return { status: 'unknown', reason: 'unknown', ...said };
  }
}

/** Nearly every message has this verdict, so it is made without copies. */
function verdictOfAccepted({ providerId, isFoundById, detail }: Extract<Outcome, { kind: 'accepted' }>): Verdict {
  const verdict: Verdict = { status: 'sent', providerMessageId: providerId };
  if (isFoundById) verdict.isFoundById = true;
  if (detail !== undefined) verdict.detail = detail;
  return verdict;
}

function detailOfRefusal({ reason, detail }: { reason: string; detail?: string }): string {
  if (reason === INTERNAL_ERROR) return CANNOT_BE_OPENED;
  return detail === undefined ? SETTINGS_REFUSED : `${detail}: ${SETTINGS_REFUSED}`;
}

function restUntil({ now }: Attempted, restMs: number): Pick<Verdict, 'status' | 'dueAt' | 'extraAttempts'> {
  return { status: 'pending', dueAt: new Date(now.getTime() + restMs), extraAttempts: NO_ATTEMPT };
}

/** With at_most_once, a message that the provider may have accepted is not retried. */
export function isGivenUpAsUnclear({ isUnclear }: Pick<Retry, 'isUnclear'>, delivery: DeliveryMode): boolean {
  return isUnclear === true && delivery === 'at_most_once';
}

function retryOrGiveUp(reason: string, askedMs: number | undefined, attempted: Attempted): Omit<Verdict, 'detail'> {
  const { channel, attempts, acceptedAt, now, random } = attempted;
  const ageMs = now.getTime() - acceptedAt.getTime();
  const waitMs = nextWaitMs(channel.retry?.(reason), { attempts, ageMs, askedMs, random });
  if (waitMs === null) return { status: 'failed', reason: 'gave_up', providerCode: reason, releasesSlot: true };
  return { status: 'pending', providerCode: reason, dueAt: new Date(now.getTime() + waitMs) };
}

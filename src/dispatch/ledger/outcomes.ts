import type { Channel } from '../../channels/channel.ts';
import type { Held, Outcome, Retry } from '../../channels/outcome.ts';
import { nextWaitMs } from '../../channels/retry.ts';
import type { DeliveryMode } from '../plan/send-plan.ts';
import type { Verdict } from './send.ts';

/**
 * Time between two probes whether a provider accepts our settings, in milliseconds. Source: messaging-objects.md §1.9,
 * `config_error`.
 */
export const PROBE_EVERY_MS = 300_000;

const SETTINGS_REFUSED = 'the provider does not accept our settings; tried again every five minutes';
/** Neither our own faults nor a provider that is away cost the message an attempt. */
const NO_ATTEMPT = -1;

export interface Attempted {
  /** The channel, which has the schedule of retries. */
  channel: Pick<Channel, 'retry'>;
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
  const detail = outcome.detail === undefined ? {} : { detail: outcome.detail };
  if (outcome.kind === 'accepted') {
    const { providerId, isFoundById } = outcome;
    return { status: 'sent', providerMessageId: providerId, ...(isFoundById && { isFoundById }), ...detail };
  }
  const said = { providerCode: outcome.reason, ...detail };
  switch (outcome.kind) {
    case 'retry':
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
        status: 'pending',
        ...said,
        detail: [outcome.detail, SETTINGS_REFUSED].filter((text) => text !== undefined).join(': '),
        dueAt: new Date(attempted.now.getTime() + PROBE_EVERY_MS),
        extraAttempts: NO_ATTEMPT,
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

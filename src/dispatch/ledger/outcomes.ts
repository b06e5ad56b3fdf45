import type { ChannelKey } from '../../channels/channel.ts';
import type { Outcome, Retry } from '../../channels/outcome.ts';
import type { DeliveryMode } from '../plan/send-plan.ts';
import type { Verdict } from './send.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CONFIG_RETRY_MS = 5 * MINUTE;

interface RetryPolicy {
  /** Before the second attempt, the third, …; the last one repeats. */
  waitsMs: readonly number[];
  maxAttempts: number;
  /** No attempt later than this after acceptance. */
  untilMs: number;
}

const email: RetryPolicy = {
  waitsMs: [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR],
  maxAttempts: Number.POSITIVE_INFINITY,
  untilMs: 72 * HOUR,
};
const webhook: RetryPolicy = {
  waitsMs: [30_000, MINUTE, 3 * MINUTE, 8 * MINUTE, 17 * MINUTE],
  maxAttempts: 6,
  untilMs: 30 * MINUTE,
};
const unreachableWebhook: RetryPolicy = {
  waitsMs: [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 13 * HOUR],
  maxAttempts: 6,
  untilMs: 24 * HOUR,
};

/** Source: messaging-objects.md 1.10 and 9.5. Null for channels that have no real provider yet and never ask for another try. */
function policyOf(channel: ChannelKey, reason: string): RetryPolicy | null {
  if (channel === 'email') return email;
  if (channel === 'webhook') return reason.startsWith('599') ? unreachableWebhook : webhook;
  return null;
}

export interface Attempted {
  channel: ChannelKey;
  delivery: DeliveryMode;
  /** Tries so far, this one included. */
  attempts: number;
  acceptedAt: Date;
  now: Date;
  /** 0.9 to 1.1, so that many who failed together do not come back together. */
  jitter: number;
}

/** What came of an attempt → what stands in the ledger. Pure. Source: eligibility.md 1, second table. */
export function verdictOf(outcome: Outcome, attempted: Attempted): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return { status: 'sent', providerMessageId: outcome.providerId };
    case 'retry':
      return isGivenUpAsUnclear(outcome, attempted.delivery)
        ? { status: 'unknown', reason: 'unknown', providerCode: outcome.reason }
        : retryOrGiveUp(outcome.reason, outcome.afterMs, attempted);
    case 'bounced':
      return { status: 'bounced', reason: 'address_dead', providerCode: outcome.reason, releasesPlace: true };
    case 'failed':
      return { status: 'failed', reason: 'provider_refused', providerCode: outcome.reason, releasesPlace: true };
    case 'config_error':
      return {
        status: 'pending',
        providerCode: outcome.reason,
        detail: 'the provider does not accept our settings; tried again every five minutes',
        dueAt: new Date(attempted.now.getTime() + CONFIG_RETRY_MS),
      };
    case 'expired':
      return { status: 'expired', reason: 'expired', releasesPlace: true };
    case 'unknown':
      return { status: 'unknown', reason: 'unknown', providerCode: outcome.reason };
  }
}

/** What may have been taken over is not tried again where the request wants at most one. */
export function isGivenUpAsUnclear({ isUnclear }: Pick<Retry, 'isUnclear'>, delivery: DeliveryMode): boolean {
  return isUnclear === true && delivery === 'at_most_once';
}

function retryOrGiveUp(reason: string, afterMs: number | undefined, attempted: Attempted): Verdict {
  const { attempts, acceptedAt, now } = attempted;
  const policy = policyOf(attempted.channel, reason);
  const planned = policy?.waitsMs[Math.min(attempts, policy.waitsMs.length) - 1] ?? 0;
  const dueAt = new Date(now.getTime() + Math.max(afterMs ?? 0, planned * attempted.jitter));
  const lasts = policy !== null && dueAt.getTime() - acceptedAt.getTime() <= policy.untilMs * 1.1;
  const goesOn = lasts && attempts < policy.maxAttempts;
  if (!goesOn) return { status: 'failed', reason: 'gave_up', providerCode: reason, releasesPlace: true };
  return { status: 'pending', providerCode: reason, dueAt };
}

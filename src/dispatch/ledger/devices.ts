import type { Channel } from '../../channels/channel.ts';
import type { Held as HeldUntil } from '../../channels/outcome.ts';
import type { PushOutcome } from '../../channels/push/sender.ts';
import { nextWaitMs } from '../../channels/retry.ts';
import { isReason } from '../plan/reasons.ts';
import type { DeliveryMode } from '../plan/send-plan.ts';
import { isGivenUpAsUnclear, isRest, PROBE_EVERY_MS, restMsOf } from './outcomes.ts';
import type { DeviceState, Verdict } from './send.ts';

/** No call was made, because the app queue is closed. */
export type Held = HeldUntil<number>;

export interface Tried {
  id: string;
  app: string;
  /** The channel, which has the schedule of retries. */
  channel: Pick<Channel, 'retry' | 'countsSlowed'>;
  delivery: DeliveryMode;
  /** Number of attempts before this one. */
  attempts: number;
  acceptedAt: Date;
  nowMs: number;
  /** When the message expires, in milliseconds since 1970. */
  expiresAtMs: number;
  /** A random number between 0 and 1. */
  random: number;
}

/** The state of a device after a provider's answer. Pure. Source: messaging-objects.md §1.9, §1.10. */
export function deviceAfter(outcome: PushOutcome | Held, tried: Tried): DeviceState {
  const { id, app } = tried;
  const attempts = tried.attempts + 1;
  switch (outcome.kind) {
    case 'accepted':
      return { id, app, state: 'sent', attempts, code: outcome.providerId };
    case 'bounced':
      return { id, app, state: 'bounced', attempts, code: outcome.reason, ...toldBy(outcome) };
    case 'failed':
      return { id, app, state: 'refused', attempts, code: outcome.reason, ...toldBy(outcome) };
    case 'unknown':
      return { id, app, state: 'unknown', attempts, code: outcome.reason, ...toldBy(outcome) };
    case 'expired':
      return { id, app, state: 'expired', attempts: tried.attempts, code: null };
    case 'retry':
      if (isRest(outcome, tried.channel))
        return { ...waiting(tried, tried.nowMs + restMsOf(outcome), outcome.reason), ...toldBy(outcome) };
      return isGivenUpAsUnclear(outcome, tried.delivery)
        ? { id, app, state: 'unknown', attempts, code: outcome.reason, ...toldBy(outcome) }
        : { ...afterRetry(outcome, { ...tried, attempts }), ...toldBy(outcome) };
    // Neither says anything about this device or this message, so it costs no attempt; nor does the wish for a rest.
    case 'config_error':
      return { ...waiting(tried, tried.nowMs + PROBE_EVERY_MS, outcome.reason), ...toldBy(outcome) };
    case 'held':
      return waiting(tried, outcome.untilMs, outcome.reason);
  }
}

/** What the provider said, and whether it was a rule of ours. */
function toldBy({
  detail,
  isOurs,
}: {
  detail?: string;
  isOurs?: true | undefined;
}): Pick<DeviceState, 'detail' | 'ours'> {
  return { ...(detail !== undefined && { detail }), ...(isOurs && { ours: true }) };
}

function afterRetry({ reason, afterMs }: { reason: string; afterMs?: number }, tried: Tried): DeviceState {
  const { id, app, channel, attempts, random, nowMs, acceptedAt } = tried;
  const ageMs = nowMs - acceptedAt.getTime();
  const waitMs = nextWaitMs(channel.retry?.(reason), { attempts, ageMs, askedMs: afterMs, random });
  if (waitMs === null) return { id, app, state: 'gave_up', attempts, code: reason };
  const due = nowMs + waitMs;
  if (due >= tried.expiresAtMs) return { id, app, state: 'expired', attempts, code: reason };
  return { id, app, state: 'waiting', attempts, code: reason, due: Math.ceil(due) };
}

/** A device waits until its expiry at most, and is then written off. */
function waiting({ id, app, attempts, expiresAtMs }: Tried, untilMs: number, code: string): DeviceState {
  return { id, app, state: 'waiting', attempts, code, due: Math.ceil(Math.min(untilMs, expiresAtMs)), held: true };
}

/** The verdict of each device state, best first. A send has that of its best device, so a dead token counts last. */
const finals = [
  ['sent', { status: 'sent' }],
  ['unknown', { status: 'unknown', reason: 'unknown' }],
  ['refused', { status: 'failed', reason: 'provider_refused', releasesSlot: true }],
  ['gave_up', { status: 'failed', reason: 'gave_up', releasesSlot: true }],
  ['expired', { status: 'expired', reason: 'expired', releasesSlot: true }],
  ['bounced', { status: 'bounced', reason: 'address_dead', releasesSlot: true }],
] as const satisfies [DeviceState['state'], Verdict][];

/** The verdict of a send from its devices: pending while one waits, else that of the best one. Pure. */
export function verdictOfDevices(devices: readonly DeviceState[]): Verdict {
  const due = devices.flatMap(({ state, due: at }) => (state === 'waiting' && at !== undefined ? [at] : []));
  if (due.length > 0) {
    const waiting = devices.find(({ state }) => state === 'waiting');
    const code = waiting?.code ?? null;
    return { status: 'pending', providerCode: code, ...detailOf(waiting), dueAt: new Date(Math.min(...due)), devices };
  }
  const kept = devices.length > 1 ? { devices } : {};
  for (const [state, verdict] of finals) {
    const best = devices.find((device) => device.state === state);
    if (best === undefined) continue;
    if (state === 'sent') return { ...verdict, providerMessageId: best.code, ...kept };
    const ours = best.ours && isReason(best.code) ? { reason: best.code } : {};
    return { ...verdict, ...ours, providerCode: best.code, ...detailOf(best), ...kept };
  }
  throw new Error('a send without devices has no verdict');
}

function detailOf(device: DeviceState | undefined): Pick<Verdict, 'detail'> {
  return device?.detail === undefined ? {} : { detail: device.detail };
}

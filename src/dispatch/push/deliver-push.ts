import type { Push, PushOutcome } from '../../channels/push/sender.ts';
import type { PushTarget } from '../../people/profile/facts.ts';
import { targetKey } from '../admit/composed.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { Delivered, PushCall, TokenNews } from '../ledger/delivered.ts';
import { deviceAfter, type Held, verdictOfDevices } from '../ledger/devices.ts';
import type { DeviceState } from '../ledger/send.ts';
import type { AppQueue } from './app-queue.ts';
import type { AppQueues } from './app-queues.ts';
import { pushIdOf } from './push-id.ts';

export interface PushDeps {
  queues: AppQueues;
  nowMs(): number;
  /** A random number between 0 and 1. */
  random(): number;
}

/** One call to one device. */
interface Call {
  push: Push;
  target: PushTarget;
  /** null: the app has no provider, so the message goes to the sandbox. */
  queue: AppQueue | null;
  before: DeviceState | undefined;
}

interface Answer {
  call: Call;
  outcome: PushOutcome | Held;
  device: DeviceState;
}

/** Delivers one message to the devices that still need it, with one call each. Resolves when all have answered. */
export function deliverPush(deps: PushDeps, parcel: Parcel, signal: AbortSignal): Promise<Delivered> {
  const before = parcel.send.devices ?? [];
  const [only] = parcel.pushTargets;
  if (only === undefined || parcel.pushTargets.length > 1 || before.length > 0)
    return deliverToAll(deps, parcel, before, signal);
  const call = callFor(deps, parcel, only);
  if (call === null || call.queue === null) return deliverToAll(deps, parcel, before, signal);
  const { queue } = call;
  const lastMs = lastMoment(parcel);
  const calling = callOut(call, parcel, lastMs <= deps.nowMs(), signal);
  return calling.then((outcome) => {
    // Nearly every push returns here.
    if (outcome.kind === 'accepted' && outcome.newToken === undefined && outcome.environment === undefined)
      return {
        verdict: { status: 'sent', providerMessageId: outcome.providerId },
        keptIn: null,
        news: [],
        calls: queue.acceptedCall,
      };
    return summary(deps, parcel, before, [answerOf(deps, parcel, call, outcome, lastMs)]);
  });
}

async function deliverToAll(
  deps: PushDeps,
  parcel: Parcel,
  before: readonly DeviceState[],
  signal: AbortSignal,
): Promise<Delivered> {
  // A retry goes to the devices of the first attempt, whichever device is the most recently used by now.
  const targets = before.length > 0 ? parcel.recipient.pushTargets : parcel.pushTargets;
  const called = targets.flatMap((target) => callFor(deps, parcel, target) ?? []);
  const refused = called.flatMap((call) => refusedDevice(parcel, call) ?? []);
  const calls = called.filter(({ push }) => !refused.some(({ id }) => id === push.pushId));
  const lastMs = lastMoment(parcel);
  const isExpired = lastMs <= deps.nowMs();
  const answers = calls.map(async (call) =>
    answerOf(deps, parcel, call, await callOut(call, parcel, isExpired, signal), lastMs),
  );
  return summary(deps, parcel, before, await Promise.all(answers), refused);
}

/** The final state of a device whose message was refused as it was made. null: it has a message. */
function refusedDevice({ perDevice }: Parcel, { push, target, before }: Call): DeviceState | null {
  const message = perDevice?.get(targetKey(target));
  if (message === undefined || message.kind === 'composed') return null;
  const { reason, detail } = message;
  const attempts = before?.attempts ?? 0;
  const why = { code: reason, ours: true as const, ...(detail !== null && { detail }) };
  return { id: push.pushId, app: target.appId, state: 'refused', attempts, ...why };
}

function summary(
  { nowMs }: PushDeps,
  parcel: Parcel,
  before: readonly DeviceState[],
  answers: readonly Answer[],
  refused: readonly DeviceState[] = [],
): Delivered {
  const devices = merge(before, [...answers.map(({ device }) => device), ...refused], nowMs());
  const waitsForApps = answers.flatMap(({ call, outcome }) => (isPaused(outcome) ? [call.target.appId] : []));
  return {
    ...(waitsForApps.length > 0 && { waitsForApps }),
    verdict: { ...verdictOfDevices(devices), extraAttempts: attemptsOf(devices) - attemptsOf(before) - 1 },
    keptIn: answers.some(({ call }) => call.queue === null) ? 'sandbox' : null,
    news: answers.flatMap((one) => newsOf(parcel, one)),
    calls: answers.flatMap(({ call, outcome }) =>
      call.queue === null || outcome.kind === 'held'
        ? []
        : { appId: call.target.appId, settings: call.queue.settings, answer: answerKind(outcome) },
    ),
  };
}

/** null: the device has its final state, or its next call is not due. */
function callFor(
  { queues, nowMs }: PushDeps,
  { send, dispatch, rendered: usual, perDevice, observer, triedSince }: Parcel,
  target: PushTarget,
): Call | null {
  const { appId, token, registeredAt, environment } = target;
  const pushId = pushIdOf(send, appId, token);
  const before = send.devices?.find(({ id }) => id === pushId);
  if (before !== undefined && !isDue(before, nowMs())) return null;
  // Devices that were registered after the first attempt do not belong to this send.
  if (before === undefined && send.devices != null && send.devices.length > 0) return null;
  const acceptedAt = triedSince;
  const own = perDevice?.get(targetKey(target));
  const rendered = own?.kind === 'composed' ? own.rendered : usual;
  const push = { rendered, token, registeredAt, environment, pushId, acceptedAt, observer };
  return { push, target, queue: queues.queueOf(dispatch.workspace, appId), before };
}

/** The app is paused, or was when the call was made. */
function isPaused(outcome: PushOutcome | Held): boolean {
  if (outcome.kind === 'retry') return outcome.slows === 'account';
  return outcome.kind === 'config_error' || (outcome.kind === 'held' && outcome.isPause === true);
}

function isDue({ state, due, held }: DeviceState, nowMs: number): boolean {
  return state === 'waiting' && (held === true || (due ?? 0) <= nowMs);
}

function lastMoment({ rendered, triedSince, message }: Parcel): number {
  const { expiry } = message.channel;
  return expiry?.ofRendered(rendered, triedSince, message.message) ?? Number.POSITIVE_INFINITY;
}

function answerOf(
  { nowMs, random }: PushDeps,
  { dispatch, message }: Parcel,
  call: Call,
  outcome: PushOutcome | Held,
  lastMs: number,
): Answer {
  const { push, target, before } = call;
  const tried = {
    id: push.pushId,
    app: target.appId,
    channel: message.channel,
    delivery: dispatch.plan.delivery,
    attempts: before?.attempts ?? 0,
    acceptedAt: push.acceptedAt,
    nowMs: nowMs(),
    expiresAtMs: lastMs,
    random: random(),
  };
  return { call, outcome, device: deviceAfter(outcome, tried) };
}

function callOut(
  { push, queue }: Call,
  { send }: Parcel,
  isExpired: boolean,
  signal: AbortSignal,
): Promise<PushOutcome | Held> {
  if (isExpired) return Promise.resolve({ kind: 'expired' });
  return queue === null
    ? Promise.resolve({ kind: 'accepted', providerId: null })
    : queue.deliver(push, send.dispatchId, signal);
}

/** The devices after this attempt. A due device that no longer belongs to the person is written off. */
function merge(before: readonly DeviceState[], now: readonly DeviceState[], nowMs: number): DeviceState[] {
  if (before.length === 0) return [...now];
  const answered = new Map(now.map((device) => [device.id, device]));
  return before.map((device) => {
    const after = answered.get(device.id);
    if (after !== undefined) return after;
    return isDue(device, nowMs) ? { ...device, state: 'bounced', code: 'token_gone' } : device;
  });
}

/** The final devices of a send whose waiting devices must not be retried. */
export function writeOff(devices: readonly DeviceState[], code: string): DeviceState[] {
  return devices.map((device) => (device.state === 'waiting' ? { ...device, state: 'bounced', code } : device));
}

function attemptsOf(devices: readonly DeviceState[]): number {
  return devices.reduce((sum, { attempts }) => sum + attempts, 0);
}

function answerKind(outcome: PushOutcome): PushCall['answer'] {
  if (outcome.kind === 'accepted') return 'accepted';
  return outcome.kind === 'bounced' && outcome.token === 'suspect' ? 'ambiguous' : 'other';
}

function newsOf({ send, dispatch }: Parcel, { call, outcome }: Answer): TokenNews[] {
  const { appId, token, registeredAt } = call.target;
  const { bucket, userId, dispatchId } = send;
  const of = { workspaceId: dispatch.workspace.id, appId, bucket, userId, token, registeredAt, dispatchId };
  if (outcome.kind === 'bounced') {
    const { reason } = outcome;
    if (outcome.token === 'remove') return [{ ...of, news: { kind: 'dead', reason } }];
    // Only a provider doubts a token, so there is a queue.
    if (outcome.token === 'suspect')
      return [{ ...of, news: { kind: 'suspect', reason, settings: call.queue?.settings ?? '' } }];
  }
  if (outcome.kind !== 'accepted') return [];
  const { newToken, environment } = outcome;
  return [
    ...(newToken !== undefined && newToken !== token ? [{ ...of, news: { kind: 'replaced' as const, newToken } }] : []),
    ...(environment !== undefined && environment !== call.target.environment
      ? [{ ...of, news: { kind: 'environment' as const, environment } }]
      : []),
  ];
}

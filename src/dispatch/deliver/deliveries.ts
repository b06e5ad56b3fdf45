import type { Logger } from 'pino';
import { type Held, INTERNAL_ERROR, OUR_ERROR, type Outcome, STOPPED } from '../../channels/outcome.ts';
import type { Outbound } from '../../channels/sender.ts';
import type { GroupQueues } from '../accounts/group-queues.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { Delivered } from '../ledger/delivered.ts';
import { verdictOf } from '../ledger/outcomes.ts';
import type { SendKey, Verdict } from '../ledger/send.ts';
import { groupMessageOf, publicId } from '../plan/loaded-dispatch.ts';
import { deliverPush, type PushDeps } from '../push/deliver-push.ts';
import type { Senders } from './senders.ts';

export interface Deliveries {
  /**
   * Never rejects: an error of ours is logged and is the outcome of the message, which is tried again as one without an
   * answer. Aborting `signal` gives the message back, unless a connection has already begun to send it.
   */
  deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivered>;
  close(): Promise<void>;
}

/** Signs the name of a send. */
export type ReferenceOf = (send: SendKey & { workspaceId: number }) => string;

export interface DeliveriesOptions {
  /** Delivers on channels whose messages go to devices. */
  push: PushDeps;
  /** Deliver with the accounts of subscription groups. */
  groups: GroupQueues;
  referenceOf: ReferenceOf;
  /** Deliver on all other channels. */
  senders: Senders;
  log: Pick<Logger, 'error'>;
}

/** Delivers each parcel to the provider of its channel or to the feed of its person; to the sandbox if there is no provider. */
export function createDeliveries({ push, groups, referenceOf, senders, log }: DeliveriesOptions): Deliveries {
  function verdictFor({ send, dispatch, message, triedSince }: Parcel, outcome: Outcome | Held): Verdict {
    return verdictOf(outcome, {
      channel: message.channel,
      delivery: dispatch.plan.delivery,
      attempts: send.attempts + 1,
      acceptedAt: triedSince,
      now: new Date(push.nowMs()),
      random: push.random(),
    });
  }

  function sandboxed(parcel: Parcel): Delivered {
    const reply = parcel.message.channel.sandboxReply?.(parcel.address);
    if (reply === undefined || reply.kind === 'accepted') return toSandbox;
    return { ...nothing, verdict: verdictFor(parcel, reply) };
  }

  /** null: there is no provider. */
  function outcomeOf(parcel: Parcel, signal: AbortSignal): Promise<Outcome | Held> | null {
    const { message, dispatch } = parcel;
    if (message.channel.providers?.of === 'group')
      return groups.deliver(
        dispatch.workspace,
        groupMessageOf(dispatch, message),
        new OutboundOf(parcel, referenceOf),
        signal,
      );
    return (
      senders.senderOf(dispatch.workspace, message.channel)?.deliver(new OutboundOf(parcel, referenceOf), signal) ??
      null
    );
  }

  function deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivered> {
    const { channel } = parcel.message;
    if (channel.providers?.of === 'app') return deliverPush(push, parcel, signal);
    if (signal.aborted) return Promise.resolve({ ...nothing, verdict: verdictFor(parcel, stopped) });
    if (channel.providers?.of === 'feed') return Promise.resolve(toFeed);
    const outcome = outcomeOf(parcel, signal);
    if (outcome === null) return Promise.resolve(sandboxed(parcel));
    return outcome.then((known) => deliveredAs(verdictFor(parcel, known), optOutIn(known, parcel)));
  }

  function failed(parcel: Parcel, error: unknown): Delivered {
    const { send, dispatch, message } = parcel;
    const facts = { dispatch_id: publicId(dispatch), channel: message.channel.key, user_id: send.userId };
    log.error({ err: error, ...facts }, 'a message could not be delivered because of an error of our own');
    return { ...nothing, verdict: verdictFor(parcel, threw) };
  }

  return {
    deliver: (parcel, signal) => Promise.try(deliver, parcel, signal).catch((error: unknown) => failed(parcel, error)),
    async close() {
      await Promise.all([groups.close(), senders.close()]);
    },
  };
}

/** A parcel as its sender sees it. The names are made when they are asked for: most channels need none, and signing has a cost. */
class OutboundOf implements Outbound {
  readonly rendered: Outbound['rendered'];
  readonly address: Outbound['address'];
  readonly lastWrote: Outbound['lastWrote'];
  readonly #parcel: Parcel;
  readonly #referenceOf: ReferenceOf;

  constructor(parcel: Parcel, referenceOf: ReferenceOf) {
    this.rendered = parcel.rendered;
    this.address = parcel.address;
    this.lastWrote = parcel.recipient.lastWrote;
    this.#parcel = parcel;
    this.#referenceOf = referenceOf;
  }

  get dispatchId(): string {
    return publicId(this.#parcel.dispatch);
  }

  get sendId(): string {
    const { bucket, userId } = this.#parcel.send;
    return `${this.dispatchId}.${bucket}.${userId}`;
  }

  get reference(): string {
    const { send, dispatch } = this.#parcel;
    return this.#referenceOf({ ...send, workspaceId: dispatch.workspace.id });
  }
}

const stopped: Held = { kind: 'held', untilMs: null, reason: STOPPED };
/** The message may have gone out before the error. */
const threw: Outcome = { kind: 'retry', reason: INTERNAL_ERROR, isUnclear: true, detail: OUR_ERROR };
const nothing = { news: [], calls: [], keptIn: null } as const;
const sent: Verdict = { status: 'sent', providerMessageId: null };
const toSandbox: Delivered = { ...nothing, verdict: sent, keptIn: 'sandbox' };
const toFeed: Delivered = { ...nothing, verdict: sent, keptIn: 'feed' };

/** `optedOutOf`: null: the person has not opted out. */
function deliveredAs(verdict: Verdict, optedOutOf: string | null): Delivered {
  const { news, calls } = nothing;
  return optedOutOf === null
    ? { verdict, news, calls, keptIn: null }
    : { verdict, news, calls, keptIn: null, optedOutOf };
}

/** The subscription group that the person has left, as the provider says. null: none. */
function optOutIn(outcome: Outcome | Held, { message }: Parcel): string | null {
  const hasOptedOut = outcome.kind === 'failed' && !outcome.isOurs && outcome.optsOut === true;
  return hasOptedOut ? message.gate.subscriptionGroupId : null;
}

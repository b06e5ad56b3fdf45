import { type Held, type Outcome, STOPPED } from '../../channels/outcome.ts';
import type { Outbound } from '../../channels/sender.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { Delivered } from '../ledger/delivered.ts';
import { verdictOf } from '../ledger/outcomes.ts';
import type { Verdict } from '../ledger/send.ts';
import { publicId } from '../plan/loaded-dispatch.ts';
import { deliverPush, type PushDeps } from '../push/deliver-push.ts';
import type { Senders } from './senders.ts';

export interface Deliveries {
  /** Aborting `signal` gives the message back, unless a connection has already begun to send it. */
  deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivered>;
  close(): Promise<void>;
}

export interface DeliveriesOptions {
  /** Delivers on channels whose messages go to devices. */
  push: PushDeps;
  /** Deliver on all other channels. */
  senders: Senders;
}

/** Delivers each parcel to the provider of its channel or to the feed of its person; to the sandbox if there is no provider. */
export function createDeliveries({ push, senders }: DeliveriesOptions): Deliveries {
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

  return {
    deliver(parcel, signal) {
      const { channel } = parcel.message;
      if (channel.providers?.of === 'app') return deliverPush(push, parcel, signal);
      if (signal.aborted) return Promise.resolve({ ...nothing, verdict: verdictFor(parcel, stopped) });
      if (channel.providers?.of === 'feed') return Promise.resolve(toFeed);
      const sender = senders.senderOf(parcel.dispatch.workspace, channel);
      if (sender === null) return Promise.resolve(sandboxed(parcel));
      return sender
        .deliver(outboundOf(parcel), signal)
        .then((outcome) => ({ ...nothing, verdict: verdictFor(parcel, outcome) }));
    },
    close: () => senders.close(),
  };
}

function outboundOf({ rendered, address, dispatch, send }: Parcel): Outbound {
  const dispatchId = publicId(dispatch);
  return { rendered, address, dispatchId, sendId: `${dispatchId}.${send.bucket}.${send.userId}` };
}

const stopped: Held = { kind: 'held', untilMs: null, reason: STOPPED };
const nothing = { news: [], calls: [], keptIn: null } as const;
const sent: Verdict = { status: 'sent', providerMessageId: null };
const toSandbox: Delivered = { ...nothing, verdict: sent, keptIn: 'sandbox' };
const toFeed: Delivered = { ...nothing, verdict: sent, keptIn: 'feed' };

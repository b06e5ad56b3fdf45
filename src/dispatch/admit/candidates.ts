import type { MessageContent } from '../../connected-content/message-content.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import { type LoadedDispatch, messageFor, type PreparedMessage } from '../plan/loaded-dispatch.ts';
import type { CapSlots } from './cap-slots.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { ownTimeOf } from './own-time.ts';
import { type AddressTurn, factsOf, type LeavingReason, type SendFacts } from './send-facts.ts';

/** A send to be decided, for the sender and the dry run alike. */
export interface Candidate {
  send: PendingSend;
  dispatch: LoadedDispatch;
  message: PreparedMessage;
  facts: SendFacts;
  /** The own trigger properties of a person of a list. null: there are none, or the send says where they are. */
  listed: RawObject | null;
  /** The decision by the facts of the person alone. `admit`: the message must be composed. */
  soFar: Decision;
  /** The answers to the calls of its templates. Absent: they make none, or none yet. */
  content?: MessageContent;
}

/** A candidate of which only the person is known yet. */
export function candidateFor(
  send: PendingSend,
  dispatch: LoadedDispatch,
  {
    recipient,
    turn,
    holder = null,
    leaving = null,
    listed = null,
    now,
  }: {
    recipient: Recipient | null;
    turn: AddressTurn;
    holder?: string | null;
    leaving?: LeavingReason | null;
    listed?: RawObject | null;
    now: Date;
  },
): Candidate {
  const message = messageFor(dispatch, send);
  if (message === undefined) throw new Error(`dispatch ${dispatch.id} has no message for ${send.channel}`);
  const ownTime = ownTimeOf(send, dispatch, recipient);
  const facts = { ...factsOf(recipient, message.gate, turn, now), holder, ownTime, leaving };
  return { send, dispatch, message, facts, listed, soFar: decide(facts) };
}

export interface Decided {
  candidate: Candidate;
  decision: Decision;
}

/**
 * Decides the candidates in order, with all facts. An admitted one takes a slot, which counts for the later ones.
 * `slots`: null: no cap applies to any of them.
 */
export function decideAll(candidates: readonly Candidate[], slots: CapSlots | null): Decided[] {
  return candidates.map((candidate) => {
    const { send, dispatch, facts, soFar } = candidate;
    if (soFar.kind !== 'admit' || facts.recipient === null) return { candidate, decision: soFar };
    if (slots !== null) facts.caps = slots.factsFor(send, dispatch, facts.recipient);
    const decision = decide(facts);
    if (decision.kind === 'admit') slots?.take(send, dispatch);
    return { candidate, decision };
  });
}

/** The message of an admitted candidate. */
export function renderedOf({ facts: { composed } }: Candidate): object {
  if (composed?.kind !== 'composed') throw new Error('the message of an admitted send is not composed');
  return composed.rendered;
}

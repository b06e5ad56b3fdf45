import { admitted, type Decision, skip } from './decision.ts';
import {
  addressIsFree,
  addressIsUsable,
  addressWasNotPassedOn,
  type Gate,
  globalStateAdmitted,
  hasAddress,
  inSubscriptionGroup,
  messageIsComposed,
  turnIsKnown,
  underFrequencyCaps,
} from './gates.ts';
import type { SendFacts } from './send-facts.ts';

/** The policy: steps 5 to 11 of eligibility.md §1, in its order. */
const gates: readonly Gate[] = [
  turnIsKnown,
  hasAddress,
  addressIsUsable,
  addressIsFree,
  globalStateAdmitted,
  inSubscriptionGroup,
  addressWasNotPassedOn,
  underFrequencyCaps,
  messageIsComposed,
];

/**
 * Facts → what is done with a send; the first objection wins. Pure.
 * It is asked before composing, when a refused send needs no message, and again once all facts are known. The sender
 * and the dry run both do so by way of `candidates.ts`.
 */
export function decide(facts: SendFacts): Decision {
  const { recipient } = facts;
  if (recipient === null) return skip('unknown_user');
  for (const gate of gates) {
    const objection = gate(recipient, facts);
    if (objection !== null) return objection;
  }
  return admitted;
}

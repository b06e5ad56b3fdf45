import { admitted, type Decision, skip } from './decision.ts';
import {
  addressIsFree,
  addressIsUsable,
  addressWasNotPassedOn,
  countryIsAllowed,
  type Gate,
  globalStateAdmitted,
  hasAddress,
  inSubscriptionGroup,
  isNotControl,
  isTheirTime,
  messageIsComposed,
  stillTargeted,
  turnIsKnown,
  underFrequencyCaps,
} from './gates.ts';
import type { SendFacts } from './send-facts.ts';

/** The policy: steps 5 to 11 of eligibility.md §1, in its order, once the time of a schedule has come. */
const gates: readonly Gate[] = [
  isTheirTime,
  stillTargeted,
  turnIsKnown,
  hasAddress,
  addressIsUsable,
  addressIsFree,
  globalStateAdmitted,
  inSubscriptionGroup,
  countryIsAllowed,
  isNotControl,
  addressWasNotPassedOn,
  underFrequencyCaps,
  messageIsComposed,
];

/**
 * Decides a send from its facts. The first objection wins. Pure. It is called before composing, because a refused send
 * needs no message, and again once all facts are known. The sender and the dry run both call it through
 * `candidates.ts`.
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

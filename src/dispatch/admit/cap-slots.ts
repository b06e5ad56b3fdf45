import type { Recipient } from '../../people/profile/facts.ts';
import type { CapSlot } from '../ledger/person/slots.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { type CapFacts, capChannelOf } from './caps.ts';

/** True: this send may take a slot. For other sends, the slots of their people need not be read. */
export function isUnderCaps(send: PendingSend, { workspace, plan }: LoadedDispatch): boolean {
  if (workspace.frequencyCaps.length === 0) return false;
  return plan.countsTowardCaps && capChannelOf(send.channel) !== null;
}

/** The slots that some people hold under the frequency caps, and the slots taken while their sends are decided. */
export class CapSlots {
  readonly #held: Map<number, readonly CapSlot[]>;
  readonly #now: Date;
  readonly #taken: { send: PendingSend; slot: CapSlot }[] = [];

  /** `held`: the slots by user id. */
  constructor(held: ReadonlyMap<number, readonly CapSlot[]>, now: Date) {
    this.#held = new Map(held);
    this.#now = now;
  }

  /** The facts to decide about the caps. null: no cap applies, or the send is a retry that keeps its slot. */
  factsFor(send: PendingSend, { workspace, plan, campaign }: LoadedDispatch, { person }: Recipient): CapFacts | null {
    if (!plan.obeysCaps || this.holds(send)) return null;
    return {
      dispatchId: send.dispatchId,
      channel: send.channel,
      campaignTags: campaign?.tags ?? null,
      timeZone: person.timeZone ?? workspace.timeZone,
      now: this.#now,
      rules: workspace.frequencyCaps,
      held: this.#of(send),
      tagsOf: (id) => workspace.campaigns.get(id)?.tags ?? [],
    };
  }

  /** Takes a slot for a send that goes out. */
  take(send: PendingSend, dispatch: LoadedDispatch): void {
    if (!isUnderCaps(send, dispatch) || this.holds(send)) return;
    const { dispatchId, channel, userId } = send;
    const slot = { dispatchId, channel, campaignId: dispatch.campaign?.id ?? null, takenAt: this.#now };
    this.#held.set(userId, [...this.#of(send), slot]);
    this.#taken.push({ send, slot });
  }

  holds(send: PendingSend): boolean {
    return this.#of(send).some(({ dispatchId, channel }) => dispatchId === send.dispatchId && channel === send.channel);
  }

  get taken(): readonly { send: PendingSend; slot: CapSlot }[] {
    return this.#taken;
  }

  #of({ userId }: PendingSend): readonly CapSlot[] {
    return this.#held.get(userId) ?? [];
  }
}

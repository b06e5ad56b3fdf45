import type { PersonKey } from '../profile/identify.ts';
import type { GroupChange } from './attributes.ts';

/** The stored state of one person in an SMS or WhatsApp group. */
export interface StoredState {
  userId: number;
  /** The person's stored number. */
  phone: string | null;
  groupId: string;
  state: GroupChange['state'];
  changedAt: Date;
}

/** A person in memory, as far as numbers are concerned. */
export interface Holder {
  key: PersonKey | null;
  columns: { phone: string | null };
  /** The group states that this request has set. */
  groups: ReadonlyMap<string, GroupChange['state']>;
}

/** The people in memory. */
export interface InMemory {
  /** Those who have the number. The one changed last comes last. */
  holders: readonly Holder[];
  holderOf(userId: number): Holder | undefined;
}

/** The states in SMS and WhatsApp groups that numbers have, because somebody has the number. */
export class NumberStates {
  readonly #groupIds: ReadonlySet<string>;
  readonly #stored: readonly StoredState[];

  /** `stored`: the latest comes last. */
  constructor(groupIds: readonly string[], stored: readonly StoredState[]) {
    this.#groupIds = new Set(groupIds);
    this.#stored = stored;
  }

  /**
   * The states that a person takes over with a number. Where its holders differ, the latest state counts: what this
   * request has said, else what was stored last. Source: eligibility.md §3.
   */
  inheritedBy(person: Holder, phone: string, { holders, holderOf }: InMemory): Map<string, GroupChange['state']> {
    const states = new Map<string, GroupChange['state']>();
    for (const { userId, phone: storedPhone, groupId, state } of this.#stored) {
      const holder = holderOf(userId);
      const number = holder === undefined ? storedPhone : holder.columns.phone;
      if (holder !== person && number === phone) states.set(groupId, state);
    }
    for (const other of holders) {
      if (other === person) continue;
      for (const [groupId, state] of other.groups) if (this.#groupIds.has(groupId)) states.set(groupId, state);
    }
    return states;
  }
}

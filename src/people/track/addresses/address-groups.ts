import type { Address } from '../../consent/deleted-addresses.ts';
import type { PersonKey } from '../../profile/identify.ts';
import type { GroupChange } from '../attributes.ts';

type GroupState = GroupChange['state'];

/** A stored state in a subscription group: that of a person in memory, or that of an address. */
export type StoredState = { groupId: string; state: GroupState; changedAt: Date } & (
  | { of: 'person'; userId: number }
  /** The latest state of those who have the address and are not in memory. */
  | ({ of: 'holders' } & Address)
  /** Set while nobody had the address. */
  | ({ of: 'nobody' } & Address)
);

/** A person in memory, as far as addresses are concerned. */
export interface Holder {
  key: PersonKey | null;
  columns: { email: string | null; phone: string | null };
  /** The group states that this request has set. */
  groups: ReadonlyMap<string, GroupState>;
}

/** The people in memory. */
export interface InMemory {
  /** Those who have the address. The one changed last comes last. */
  holders: readonly Holder[];
  holderOf(userId: number): Holder | undefined;
}

/** The group states of addresses: those of the people who have the address, or those that wait for somebody. */
export class AddressGroups {
  readonly #kinds: ReadonlyMap<string, Address['kind']>;
  readonly #stored: readonly StoredState[];

  /** `kinds`: the kind of address to which the messages of each group go. */
  constructor(kinds: ReadonlyMap<string, Address['kind']>, stored: readonly StoredState[]) {
    this.#kinds = kinds;
    this.#stored = stored.toSorted((one, other) => one.changedAt.getTime() - other.changedAt.getTime());
  }

  /** The kind of address to which the messages of a group go. undefined: the group is unknown. */
  kindOf(groupId: string): Address['kind'] | undefined {
    return this.#kinds.get(groupId);
  }

  /**
   * The states that a person takes over with an address. Where its holders differ, the latest state counts: what this
   * request has said, else what was stored last. Source: eligibility.md §3.
   */
  inheritedBy(person: Holder, { kind, address }: Address, { holders, holderOf }: InMemory): Map<string, GroupState> {
    const states = new Map<string, GroupState>();
    for (const stored of this.#stored) {
      const holder = stored.of === 'person' ? holderOf(stored.userId) : undefined;
      const theirs =
        stored.of === 'person' ? holder && addressOf(holder, kind) : stored.kind === kind ? stored.address : null;
      if (theirs === address && holder !== person) this.#note(states, kind, [[stored.groupId, stored.state]]);
    }
    for (const other of holders) if (other !== person) this.#note(states, kind, other.groups);
    return states;
  }

  #note(states: Map<string, GroupState>, kind: Address['kind'], said: Iterable<readonly [string, GroupState]>): void {
    for (const [groupId, state] of said) if (this.#kinds.get(groupId) === kind) states.set(groupId, state);
  }

  /** The addresses whose states wait for somebody. */
  get waiting(): Address[] {
    return this.#stored.flatMap((stored) => (stored.of === 'nobody' ? [stored] : []));
  }
}

function addressOf({ columns }: Holder, kind: Address['kind']): string | null {
  return kind === 'email' ? (columns.email?.toLowerCase() ?? null) : columns.phone;
}

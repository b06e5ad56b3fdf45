import type { Identifier } from '../profile/identifiers.ts';
import { nameKey } from '../profile/identify.ts';
import type { TrackRequest } from './request.ts';
import { emailKey, tokenKey } from './roster.ts';

/** The people, addresses and tokens that requests touch: they decide what may be applied beside them. */
export interface Footprint {
  /** The label of the names of all its people. null: nothing else may be applied beside them. */
  label: string | null;
  names: Set<string>;
  /** The addresses and tokens that they give to people. */
  shared: Set<string>;
}

export function footprintOf(request: TrackRequest): Footprint {
  const labels = new Set<string>();
  const names = new Set<string>();
  const shared = new Set<string>();
  let isPlain = true;
  const note = (identifier: Identifier | null) => {
    if (identifier?.kind !== 'name') {
      isPlain = false;
      return;
    }
    labels.add(identifier.name.label);
    names.add(nameKey(identifier.name.label, identifier.name.name));
  };
  for (const { object } of request.attributes) {
    note(object.identifier);
    isPlain &&= isPlainlyNamed(object);
    const { email, phone } = object.profile.columns;
    if (email) shared.add(emailKey(email));
    if (phone) shared.add(phone);
    for (const token of object.tokens ?? []) shared.add(tokenKey(token));
    for (const { label, name } of object.history?.aliases ?? []) shared.add(nameKey(label, name));
  }
  for (const { object } of request.activities) note(object.identifier);
  const [label = null] = labels;
  return { label: isPlain && labels.size === 1 ? label : null, names, shared };
}

/** Whether a name names the person, and the object gives the address itself when it changes what an address shares. */
function isPlainlyNamed({ identifier, profile, groups }: TrackRequest['attributes'][number]['object']): boolean {
  if (identifier?.kind !== 'name') return false;
  const changesShared = profile.columns.email_state !== undefined || groups.length > 0 || profile.markedSpamAt;
  return !changesShared || profile.columns.email !== undefined;
}

/**
 * Whether two batches may be applied at the same time, because their order makes no difference. A person
 * has at most one name per label, so different names with one label are different people. An alias and an external id
 * may name the same person, and so may an address.
 */
export function mayOverlap(one: Footprint, other: Footprint): boolean {
  return (
    one.label !== null &&
    one.label === other.label &&
    one.names.isDisjointFrom(other.names) &&
    one.shared.isDisjointFrom(other.shared)
  );
}

/** The footprint of all together. */
export function unionOf([first, ...others]: readonly [Footprint, ...Footprint[]]): Footprint {
  const union = { label: first.label, names: new Set(first.names), shared: new Set(first.shared) };
  for (const one of others) addTo(union, one);
  return union;
}

/** Adds what another one touches. If their labels differ, nothing else may be applied beside them. */
export function addTo(union: Footprint, other: Footprint): void {
  if (union.label !== other.label) union.label = null;
  for (const name of other.names) union.names.add(name);
  for (const key of other.shared) union.shared.add(key);
}

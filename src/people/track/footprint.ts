import type { TrackRequest } from './request.ts';
import { tokenKey } from './roster.ts';
import { wantedBy } from './wanted.ts';

/** The people, addresses and tokens that requests touch: they decide what may be applied beside them. */
export interface Footprint {
  /** The label of the names of all its people. null: nothing else may be applied beside them. */
  label: string | null;
  names: Set<string>;
  /** The addresses and tokens that they give to people. */
  shared: Set<string>;
}

export function footprintOf(request: TrackRequest): Footprint {
  const { names, newEmails, newPhones } = wantedBy([request]);
  const labels = new Set([...names.values()].map(({ label }) => label));
  const [label = null] = labels;
  const isPlain =
    labels.size === 1 &&
    request.attributes.every(({ object }) => isPlainlyNamed(object)) &&
    request.activities.every(({ object }) => object.identifier.kind === 'name');
  const tokens = request.attributes.flatMap(({ object }) => object.tokens ?? []).map(tokenKey);
  return {
    label: isPlain ? label : null,
    names: new Set(names.keys()),
    shared: new Set([...newEmails, ...newPhones, ...tokens]),
  };
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

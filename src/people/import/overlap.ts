import type { TrackRequest } from '../track/request.ts';
import { tokenKey } from '../track/roster.ts';
import { wantedBy } from '../track/wanted.ts';

/** The people, addresses and tokens that a batch touches: they decide which other batches may run beside it. */
export interface Footprint {
  /** The label of the names of all its people. null: no other batch may run beside it. */
  label: string | null;
  names: ReadonlySet<string>;
  /** The addresses and tokens that it gives to people. */
  shared: ReadonlySet<string>;
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
 * Whether two batches may be applied at the same time, because the order of their lines makes no difference. A person
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

interface Running {
  footprint: Footprint;
  done: Promise<void>;
}

/** Applies batches side by side, up to a limit, but never two whose order matters. The first failure stops it. */
export class ParallelBatches {
  readonly #running = new Set<Running>();
  readonly #limit: number;
  #failure: { error: unknown } | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when the work has started. Throws the first failure of earlier work. */
  async start(footprint: Footprint, work: () => Promise<void>): Promise<void> {
    while (this.#failure === null && !this.#mayStart(footprint)) await this.#oneDone();
    if (this.#failure !== null) throw this.#failure.error;
    const running: Running = { footprint, done: Promise.resolve() };
    running.done = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #mayStart(footprint: Footprint): boolean {
    const others = [...this.#running];
    return others.length < this.#limit && others.every((other) => mayOverlap(footprint, other.footprint));
  }

  async #oneDone(): Promise<void> {
    await Promise.race([...this.#running].map(({ done }) => done));
  }

  /** Resolves when nothing runs. Never throws. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running].map(({ done }) => done));
  }

  /** Resolves when nothing runs. Throws the first failure. */
  async finish(): Promise<void> {
    await this.idle();
    if (this.#failure !== null) throw this.#failure.error;
  }
}

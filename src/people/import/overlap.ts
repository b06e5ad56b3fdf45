import type { TrackRequest } from '../track/request.ts';
import { tokenKey } from '../track/roster.ts';
import { wantedBy } from '../track/wanted.ts';

/** Whom and what a batch touches, as far as its order among others matters. */
export interface Footprint {
  /** The kind of name that all its people are named by; null when it must have the database for itself. */
  label: string | null;
  names: ReadonlySet<string>;
  /** Addresses and tokens. */
  shared: ReadonlySet<string>;
}

export function footprintOf(request: TrackRequest): Footprint {
  const { names, newEmails } = wantedBy(request);
  const labels = new Set([...names.values()].map(({ label }) => label));
  const [label = null] = labels;
  const isPlain = labels.size === 1 && request.attributes.every(({ object }) => isPlainlyNamed(object));
  const tokens = request.attributes.flatMap(({ object }) => object.tokens ?? []).map(tokenKey);
  return { label: isPlain ? label : null, names: new Set(names.keys()), shared: new Set([...newEmails, ...tokens]) };
}

/** Named by a name, and whatever they share with others hangs on an address that is given here. */
function isPlainlyNamed({ identifier, profile, groups }: TrackRequest['attributes'][number]['object']): boolean {
  if (identifier?.kind !== 'name') return false;
  const changesShared = profile.columns.email_state !== undefined || groups.length > 0 || profile.markedSpamAt;
  return !changesShared || profile.columns.email !== undefined;
}

/**
 * Whether two batches may be applied at the same time without anything telling the order of their lines. One person has
 * at most one name of each kind, so names of one kind that differ are different people; an alias and an external id, or
 * an address, may be the same person.
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

/** Runs work side by side, up to a limit, and never two pieces of it whose order matters. The first failure stops it. */
export class Lanes {
  readonly #running = new Set<Running>();
  readonly #limit: number;
  #failure: { error: unknown } | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves once the work has begun. Throws what earlier work threw. */
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

  /** Until nothing runs. Throws the first failure. */
  async finish(): Promise<void> {
    await this.idle();
    if (this.#failure !== null) throw this.#failure.error;
  }
}

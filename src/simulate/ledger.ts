/** What is known of one target: a token, an endpoint, an address. */
export interface TargetRecord {
  /** Messages for it that passed the checks. */
  tries: number;
  /** Messages taken over. */
  accepted: number;
  /** When the last of them came in; null = none did. */
  acceptedAt: Date | null;
  /** The answer that declared it dead, and is repeated for ever. */
  dead: string | null;
}

export interface Counts {
  /** Everything that came in, also for access tokens. */
  requests: number;
  /** Messages the provider took over. */
  accepted: number;
  /** Targets with at least one of them. */
  distinct: number;
  /** Targets with more than one. */
  doubled: number;
  /** Messages beyond the first of each target. */
  surplus: number;
  connections: number;
  /** Access tokens given out. */
  tokens: number;
  /** What happened with requests, by the name of the answer; refusals by what was wrong. */
  answers: Record<string, number>;
}

export interface Received<Message> {
  target: string;
  message: Message;
  /** What was done with it. */
  answer: string;
  at: Date;
}

/** The exact books of one stand-in. */
export class Ledger<Message> {
  readonly #targets = new Map<string, TargetRecord>();
  readonly #answers = new Map<string, number>();
  readonly #keep: number;
  #received: Received<Message>[] = [];
  #waiting: { accepted: number; resolve: () => void }[] = [];
  #requests = 0;
  #accepted = 0;
  #distinct = 0;
  #doubled = 0;
  #tokens = 0;

  /** `keep`: how many of the latest messages are kept to be looked at. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  requested(): void {
    this.#requests += 1;
  }

  gaveToken(): void {
    this.#tokens += 1;
  }

  /** The record of a target, for its next try. */
  meet(target: string): TargetRecord {
    const known = this.#targets.get(target);
    if (known !== undefined) {
      known.tries += 1;
      return known;
    }
    const record = { tries: 1, accepted: 0, acceptedAt: null, dead: null };
    this.#targets.set(target, record);
    return record;
  }

  answered(answer: string): void {
    this.#answers.set(answer, (this.#answers.get(answer) ?? 0) + 1);
  }

  keep(received: Received<Message>): void {
    if (this.#keep === 0) return;
    this.#received.push(received);
    // Cut now and then instead of at every message.
    if (this.#received.length >= this.#keep * 2) this.#received = this.#received.slice(-this.#keep);
  }

  accepted(record: TargetRecord, at: Date): void {
    record.accepted += 1;
    record.acceptedAt = at;
    this.#accepted += 1;
    if (record.accepted === 1) this.#distinct += 1;
    if (record.accepted === 2) this.#doubled += 1;
    if (this.#waiting.length > 0) this.#wake();
  }

  /** Resolves once so many messages have been taken over. */
  until(accepted: number): Promise<void> {
    if (this.#accepted >= accepted) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ accepted, resolve }));
  }

  /** The latest messages, oldest first, of one target or of all. */
  received(target?: string): readonly Received<Message>[] {
    const latest = this.#keep === 0 ? [] : this.#received.slice(-this.#keep);
    return target === undefined ? latest : latest.filter((received) => received.target === target);
  }

  target(target: string): TargetRecord {
    return this.#targets.get(target) ?? { tries: 0, accepted: 0, acceptedAt: null, dead: null };
  }

  targets(): IterableIterator<[string, TargetRecord]> {
    return this.#targets.entries();
  }

  counts(): Omit<Counts, 'connections'> {
    return {
      requests: this.#requests,
      accepted: this.#accepted,
      distinct: this.#distinct,
      doubled: this.#doubled,
      surplus: this.#accepted - this.#distinct,
      tokens: this.#tokens,
      answers: Object.fromEntries([...this.#answers].sort(([a], [b]) => a.localeCompare(b))),
    };
  }

  /** Forgets everything but who is waiting. */
  reset(): void {
    this.#targets.clear();
    this.#answers.clear();
    this.#received = [];
    this.#requests = this.#accepted = this.#distinct = this.#doubled = this.#tokens = 0;
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ accepted }) => accepted <= this.#accepted);
    this.#waiting = this.#waiting.filter(({ accepted }) => accepted > this.#accepted);
    for (const { resolve } of ready) resolve();
  }
}

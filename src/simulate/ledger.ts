/** What the ledger knows about one target: a token, an endpoint or an address. */
export interface TargetRecord {
  /** Number of messages for it that passed the checks. */
  tries: number;
  /** Number of messages accepted. */
  accepted: number;
  /** When the last message was accepted. null: none was. */
  acceptedAt: Date | null;
  /** Name of the answer that declared it dead and is repeated from then on. null: it is alive. */
  dead: string | null;
}

export interface Counts {
  /** All requests, including those for access tokens. */
  requests: number;
  /** Messages accepted. */
  accepted: number;
  /** Targets with at least one accepted message. */
  distinct: number;
  /** Targets with more than one accepted message. */
  doubled: number;
  /** Accepted messages beyond the first of each target. */
  surplus: number;
  connections: number;
  /** Access tokens issued. */
  tokens: number;
  /** Number of requests by the name of their answer. A refusal is named after what was wrong. */
  answers: Record<string, number>;
}

export interface Received<Message> {
  target: string;
  message: Message;
  /** Name of the answer that it got. */
  answer: string;
  at: Date;
}

/** Counts every request and message of one stand-in. */
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

  /** `keep`: number of latest messages to keep. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  requested(): void {
    this.#requests += 1;
  }

  issuedToken(): void {
    this.#tokens += 1;
  }

  /** Counts a try and returns the target's record. */
  tried(target: string): TargetRecord {
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
    // Cut once the array is twice as long, not at every message.
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

  /** Resolves once this many messages have been accepted. */
  until(accepted: number): Promise<void> {
    if (this.#accepted >= accepted) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ accepted, resolve }));
  }

  /** The latest messages of one target or of all, oldest first. */
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

  /** Forgets everything except the callers of `until`. */
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

import { type Clock, systemClock } from '../lib/clock.ts';
import { type Answer, header, type Reaction, type WireRequest } from '../net/wire.ts';
import { type AnswerTable, answerFor, type NamedAnswer, withRetryAfter } from './answers.ts';
import {
  drawFault,
  drawLatency,
  FaultError,
  type FaultPlan,
  isDeadByPlan,
  noFaults,
  type Order,
  readOrder,
} from './faults.ts';
import { type Counts, Ledger, type Received, type TargetRecord } from './ledger.ts';
import { type ListenOptions, listen, type TlsIdentity } from './listen.ts';
import { orderInName } from './target-names.ts';

export interface SimulatorOptions {
  /** Default: 127.0.0.1. */
  host?: string;
  /** 0, the default: any free port. */
  port?: number;
  tls?: TlsIdentity | null;
  faults?: FaultPlan;
  seed?: number;
  /** Number of latest messages to keep. Default: 1,000. */
  keep?: number;
  /** The clock by which credentials expire. */
  clock?: Clock;
}

/** A stand-in for a provider's service. It speaks the provider's protocol on its own port. */
export interface Simulator<Message = unknown> {
  /** The base URL. */
  url: string;
  /** True if it has this answer. */
  knows(answer: string): boolean;
  counts(): Counts;
  /** The latest messages that passed the checks, for one target or for all, oldest first. */
  received(target?: string): readonly Received<Message>[];
  target(target: string): Readonly<TargetRecord>;
  targets(): IterableIterator<[string, Readonly<TargetRecord>]>;
  /** Resolves once this many messages have been accepted in total. */
  until(accepted: number): Promise<void>;
  /** Replaces the faults. Throws FaultError for an answer that does not exist. */
  setFaults(plan: FaultPlan): void;
  /** Forgets all counts and dead targets. The faults stay. */
  reset(): void;
  /** Revokes the access tokens issued so far; for Apple, the keys that have signed so far. */
  revokeTokens(): void;
  /** Has the provider post a message of somebody to us. Absent: it has no such messages. Throws FaultError for a bad one. */
  postInbound?(message: object): void;
  stop(): Promise<void>;
}

/** What a request is, before any fault is simulated. */
export type Verdict<Message> =
  | { kind: 'other'; name: string; answer: Answer } // not about a message
  | { kind: 'token'; name: string; answer: Answer } // a request for an access token; `name` is `token` if it is granted
  | { kind: 'refused'; name: string; answer: Answer } // the real service would refuse it
  | { kind: 'message'; target: string; message: Message; isValidateOnly?: boolean };

/** The rules of one provider: what it checks, and what it answers. */
export interface ProviderRules<Message> {
  answers: AnswerTable;
  /** Name of the answer for a target that is dead from the beginning. */
  deadAnswer: string;
  judge(request: WireRequest, now: Date): Verdict<Message>;
  accept(message: Message, target: string): Answer;
  /** Called after a message was accepted. The answer waits for a promise that it returns. */
  onAccepted?(request: WireRequest, received: Received<Message>): Promise<unknown> | undefined;
  /** The answer that a target asks for by its name. Default: the `sim-…` scheme, which not every kind of target can spell. */
  orderInTarget?(target: string, tries: number): Order | null;
  revokeTokens?(): void;
  wire: Pick<ListenOptions, 'protocols' | 'maxBodyBytes' | 'maxStreams' | 'goAwayText'>;
}

export async function startSimulator<Message>(
  makeRules: (url: () => string) => ProviderRules<Message>,
  options: SimulatorOptions,
): Promise<Simulator<Message>> {
  const { host = '127.0.0.1', port = 0, tls = null, keep = 1_000 } = options;
  let url = '';
  const rules = makeRules(() => url);
  const ledger = new Ledger<Message>(keep);
  const service = new Service(rules, ledger, options);
  const listening = await listen({ host, port, tls, ...rules.wire, onRequest: (request) => service.serve(request) });
  url = listening.url;
  return {
    url,
    knows: (answer) => answerFor(rules.answers, answer) !== null,
    counts: () => ({ ...ledger.counts(), connections: listening.connections() }),
    received: (target) => ledger.received(target),
    target: (target) => ledger.target(target),
    targets: () => ledger.targets(),
    until: (accepted) => ledger.until(accepted),
    setFaults: (plan) => service.setFaults(plan),
    reset: () => ledger.reset(),
    revokeTokens: () => rules.revokeTokens?.(),
    stop: () => listening.stop(),
  };
}

/** Gives each stand-in the faults that it knows. Throws FaultError for an answer that none of them knows. */
export function setFaultsOf(simulators: readonly Simulator[], plan: FaultPlan): void {
  for (const { answer } of plan.faults) {
    if (!simulators.some((simulator) => simulator.knows(answer)))
      throw new FaultError(`there is no answer "${answer}"`);
  }
  for (const simulator of simulators) {
    simulator.setFaults({ ...plan, faults: plan.faults.filter(({ answer }) => simulator.knows(answer)) });
  }
}

/** Serves requests: applies the provider's rules and the fault plan, and keeps the ledger. */
class Service<Message> {
  readonly #rules: ProviderRules<Message>;
  readonly #ledger: Ledger<Message>;
  readonly #clock: Clock;
  readonly #seed: number;
  #plan: FaultPlan = noFaults;

  constructor(rules: ProviderRules<Message>, ledger: Ledger<Message>, options: SimulatorOptions) {
    this.#rules = rules;
    this.#ledger = ledger;
    this.#clock = options.clock ?? systemClock;
    this.#seed = options.seed ?? 1;
    this.setFaults(options.faults ?? noFaults);
  }

  setFaults(plan: FaultPlan): void {
    const wanted = [...plan.faults.map(({ answer }) => answer), ...(plan.tokenEndpoint ? [plan.tokenEndpoint] : [])];
    for (const name of wanted) {
      if (answerFor(this.#rules.answers, name) === null) throw new FaultError(`there is no answer "${name}"`);
    }
    this.#plan = plan;
  }

  serve(request: WireRequest): Reaction {
    const now = this.#clock.now();
    this.#ledger.requested();
    const every = this.#plan.goAwayEvery;
    if (every !== null && request.connection.requests % every === 0) request.connection.goAway();
    const verdict = this.#rules.judge(request, now);
    if (verdict.kind === 'message') return this.#message(request, verdict, now);
    if (verdict.kind === 'token') return this.#token(verdict, now);
    this.#ledger.answered(verdict.name);
    return { kind: 'answer', answer: verdict.answer };
  }

  #token(verdict: { name: string; answer: Answer }, now: Date): Reaction {
    const instead = this.#plan.tokenEndpoint;
    const named = instead === null ? null : answerFor(this.#rules.answers, instead);
    if (named !== null) {
      this.#ledger.answered(`token endpoint: ${instead}`);
      return named.reaction({ accepted: () => verdict.answer, now, slowMs: this.#plan.slowMs });
    }
    if (verdict.name === 'token') this.#ledger.issuedToken();
    this.#ledger.answered(verdict.name);
    return { kind: 'answer', answer: verdict.answer };
  }

  #message(request: WireRequest, verdict: Verdict<Message> & { kind: 'message' }, now: Date): Reaction {
    const { target, message } = verdict;
    const accepted = () => this.#rules.accept(message, target);
    if (verdict.isValidateOnly === true) return { kind: 'answer', answer: accepted() };
    const record = this.#ledger.tried(target);
    const order = this.#orderFor(request, target, record);
    const named = order === null ? null : answerFor(this.#rules.answers, order.answer);
    if (order !== null && named === null) return this.#refuseUnknown(order.answer);
    const answer = order?.answer ?? 'accepted';
    const after = this.#record(request, record, { target, message, answer, at: now }, named);
    const afterMs = drawLatency(this.#plan, this.#seed, target, record.tries);
    if (named === null) return { kind: 'answer', answer: accepted(), afterMs };
    const reaction = named.reaction({ accepted, now, slowMs: this.#plan.slowMs });
    const late = { ...reaction, afterMs: (reaction.afterMs ?? 0) + afterMs, ...(after && { after }) };
    return order?.retryAfterSeconds == null ? late : withRetryAfter(late, order.retryAfterSeconds);
  }

  /** A misspelt name must not look like an accepted message. */
  #refuseUnknown(answer: string): Reaction {
    this.#ledger.answered('misspelt');
    const body = `This stand-in has no answer "${answer}".\n`;
    return { kind: 'answer', answer: { status: 400, headers: [['content-type', 'text/plain']], body } };
  }

  /** Chooses the answer: dead targets first, then the request's header, the target's name and the plan. null: accept. */
  #orderFor(request: WireRequest, target: string, record: TargetRecord): Order | null {
    if (record.dead !== null) return { answer: record.dead, retryAfterSeconds: null };
    if (isDeadByPlan(this.#plan, this.#seed, target)) {
      return { answer: this.#rules.deadAnswer, retryAfterSeconds: null };
    }
    const asked = header(request, 'x-simulate');
    if (asked !== undefined) return readOrder(asked);
    const named = (this.#rules.orderInTarget ?? orderInName)(target, record.tries);
    return named ?? drawFault(this.#plan, this.#seed, target, record.tries);
  }

  /** Returns what the answer must wait for. undefined: nothing. */
  #record(
    request: WireRequest,
    record: TargetRecord,
    received: Received<Message>,
    named: NamedAnswer | null,
  ): Promise<unknown> | undefined {
    this.#ledger.answered(received.answer);
    this.#ledger.keep(received);
    if (named?.kills === true) record.dead = received.answer;
    if (named !== null && named.accepts !== true) return undefined;
    this.#ledger.accepted(record, received.at);
    return this.#rules.onAccepted?.(request, received);
  }
}

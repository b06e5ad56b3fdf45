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
  /** 127.0.0.1. */
  host?: string;
  /** 0 = any free one. */
  port?: number;
  tls?: TlsIdentity | null;
  faults?: FaultPlan;
  seed?: number;
  /** How many of the latest messages can be looked at; 1,000. */
  keep?: number;
  /** What the age of credentials is judged by. */
  clock?: Clock;
}

/** A stand-in for a provider, speaking its protocol on a port of its own. */
export interface Simulator<Message = unknown> {
  /** The base URL. */
  url: string;
  /** Whether it can be asked for this answer. */
  knows(answer: string): boolean;
  counts(): Counts;
  /** The latest messages that passed the checks, oldest first: of one target, or of all. */
  received(target?: string): readonly Received<Message>[];
  target(target: string): Readonly<TargetRecord>;
  targets(): IterableIterator<[string, Readonly<TargetRecord>]>;
  /** Resolves once so many messages have been accepted in all. */
  until(accepted: number): Promise<void>;
  /** From now on. Throws FaultError for an answer that does not exist. */
  setFaults(plan: FaultPlan): void;
  /** Forgets what was counted and who is dead; the faults stay. */
  reset(): void;
  /** Access tokens given out so far are worth nothing from now on; with Apple, the keys that have signed so far. */
  revokeTokens(): void;
  stop(): Promise<void>;
}

/** What a provider makes of a request, before anything is simulated. */
export type Verdict<Message> =
  | { kind: 'aside'; name: string; answer: Answer } // nothing to do with a message
  | { kind: 'token'; name: string; answer: Answer } // the endpoint for access tokens; `name` is `token` for a good one
  | { kind: 'refused'; name: string; answer: Answer } // what the real one would refuse
  | { kind: 'message'; target: string; message: Message; isRehearsal?: boolean };

/** The part that differs from provider to provider. */
export interface Provider<Message> {
  answers: AnswerTable;
  /** What a target that was dead from the beginning gets. */
  deadAnswer: string;
  judge(request: WireRequest, now: Date): Verdict<Message>;
  accept(message: Message, target: string): Answer;
  /** After a message was accepted on this connection. */
  onAccepted?(request: WireRequest): void;
  /** What a target asks for by its name; the `sim-…` scheme unless it cannot be spelt. */
  orderInTarget?(target: string, tries: number): Order | null;
  revokeTokens?(): void;
  wire: Pick<ListenOptions, 'protocols' | 'maxBodyBytes' | 'maxStreams' | 'goAwayText'>;
}

export async function startSimulator<Message>(
  makeProvider: (url: () => string) => Provider<Message>,
  options: SimulatorOptions,
): Promise<Simulator<Message>> {
  const { host = '127.0.0.1', port = 0, tls = null, keep = 1_000 } = options;
  let url = '';
  const provider = makeProvider(() => url);
  const ledger = new Ledger<Message>(keep);
  const desk = new Desk(provider, ledger, options);
  const listening = await listen({ host, port, tls, ...provider.wire, onRequest: (request) => desk.serve(request) });
  url = listening.url;
  return {
    url,
    knows: (answer) => answerFor(provider.answers, answer) !== null,
    counts: () => ({ ...ledger.counts(), connections: listening.connections() }),
    received: (target) => ledger.received(target),
    target: (target) => ledger.target(target),
    targets: () => ledger.targets(),
    until: (accepted) => ledger.until(accepted),
    setFaults: (plan) => desk.setFaults(plan),
    reset: () => ledger.reset(),
    revokeTokens: () => provider.revokeTokens?.(),
    stop: () => listening.stop(),
  };
}

/** Each gets those of the faults that it knows. Throws FaultError for an answer that none of them knows. */
export function setFaultsOf(simulators: readonly Simulator[], plan: FaultPlan): void {
  for (const { answer } of plan.faults) {
    if (!simulators.some((simulator) => simulator.knows(answer)))
      throw new FaultError(`there is no answer "${answer}"`);
  }
  for (const simulator of simulators) {
    simulator.setFaults({ ...plan, faults: plan.faults.filter(({ answer }) => simulator.knows(answer)) });
  }
}

/** Takes requests in, has them judged, does what was asked for, keeps the books. */
class Desk<Message> {
  readonly #provider: Provider<Message>;
  readonly #ledger: Ledger<Message>;
  readonly #clock: Clock;
  readonly #seed: number;
  #plan: FaultPlan = noFaults;

  constructor(provider: Provider<Message>, ledger: Ledger<Message>, options: SimulatorOptions) {
    this.#provider = provider;
    this.#ledger = ledger;
    this.#clock = options.clock ?? systemClock;
    this.#seed = options.seed ?? 1;
    this.setFaults(options.faults ?? noFaults);
  }

  setFaults(plan: FaultPlan): void {
    const wanted = [...plan.faults.map(({ answer }) => answer), ...(plan.tokenEndpoint ? [plan.tokenEndpoint] : [])];
    for (const name of wanted) {
      if (answerFor(this.#provider.answers, name) === null) throw new FaultError(`there is no answer "${name}"`);
    }
    this.#plan = plan;
  }

  serve(request: WireRequest): Reaction {
    const now = this.#clock.now();
    this.#ledger.requested();
    const every = this.#plan.goAwayEvery;
    if (every !== null && request.connection.requests % every === 0) request.connection.goAway();
    const verdict = this.#provider.judge(request, now);
    if (verdict.kind === 'message') return this.#message(request, verdict, now);
    if (verdict.kind === 'token') return this.#token(verdict, now);
    this.#ledger.answered(verdict.name);
    return { kind: 'answer', answer: verdict.answer };
  }

  #token(verdict: { name: string; answer: Answer }, now: Date): Reaction {
    const instead = this.#plan.tokenEndpoint;
    const named = instead === null ? null : answerFor(this.#provider.answers, instead);
    if (named !== null) {
      this.#ledger.answered(`token endpoint: ${instead}`);
      return named.reaction({ accepted: () => verdict.answer, now, slowMs: this.#plan.slowMs });
    }
    if (verdict.name === 'token') this.#ledger.gaveToken();
    this.#ledger.answered(verdict.name);
    return { kind: 'answer', answer: verdict.answer };
  }

  #message(request: WireRequest, verdict: Verdict<Message> & { kind: 'message' }, now: Date): Reaction {
    const { target, message } = verdict;
    const accepted = () => this.#provider.accept(message, target);
    if (verdict.isRehearsal === true) return { kind: 'answer', answer: accepted() };
    const record = this.#ledger.meet(target);
    const order = this.#orderFor(request, target, record);
    const named = order === null ? null : answerFor(this.#provider.answers, order.answer);
    if (order !== null && named === null) return this.#misspelt(order.answer);
    const answer = order?.answer ?? 'accepted';
    this.#book(request, record, { target, message, answer, at: now }, named);
    const afterMs = drawLatency(this.#plan, this.#seed, target, record.tries);
    if (named === null) return { kind: 'answer', answer: accepted(), afterMs };
    const reaction = named.reaction({ accepted, now, slowMs: this.#plan.slowMs });
    const late = { ...reaction, afterMs: (reaction.afterMs ?? 0) + afterMs };
    return order?.retryAfterSeconds == null ? late : withRetryAfter(late, order.retryAfterSeconds);
  }

  /** A slip in a test must not look like a message that went well. */
  #misspelt(answer: string): Reaction {
    this.#ledger.answered('misspelt');
    const body = `This stand-in has no answer "${answer}".\n`;
    return { kind: 'answer', answer: { status: 400, headers: [['content-type', 'text/plain']], body } };
  }

  /** The dead stay dead; then what the request says, what the target's name says, what the plan draws. */
  #orderFor(request: WireRequest, target: string, record: TargetRecord): Order | null {
    if (record.dead !== null) return { answer: record.dead, retryAfterSeconds: null };
    if (isDeadByPlan(this.#plan, this.#seed, target)) {
      return { answer: this.#provider.deadAnswer, retryAfterSeconds: null };
    }
    const asked = header(request, 'x-simulate');
    if (asked !== undefined) return readOrder(asked);
    const named = (this.#provider.orderInTarget ?? orderInName)(target, record.tries);
    return named ?? drawFault(this.#plan, this.#seed, target, record.tries);
  }

  #book(request: WireRequest, record: TargetRecord, received: Received<Message>, named: NamedAnswer | null): void {
    this.#ledger.answered(received.answer);
    this.#ledger.keep(received);
    if (named?.kills === true) record.dead = received.answer;
    if (named !== null && named.accepts !== true) return;
    this.#ledger.accepted(record, received.at);
    this.#provider.onAccepted?.(request);
  }
}

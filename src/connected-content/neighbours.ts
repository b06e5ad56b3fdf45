import { MessageChannel, type MessagePort, type Transferable } from 'node:worker_threads';
import type { ContentRequest } from '../templating/content/reader.ts';
import { BlockedUrl } from './call.ts';
import { CallClaims, claimsMemory, MOST_THREADS } from './call-claims.ts';
import type { ContentWorkspace, KeptOutcome, Outcome } from './calls.ts';
import { Fetched, type PlainFetched } from './fetched.ts';

/** What connects a thread with the others of its process. It is handed over when the thread starts. */
export interface ThreadLinks {
  /** The number of the thread. */
  thread: number;
  claims: SharedArrayBuffer;
  ports: readonly { thread: number; port: MessagePort }[];
}

/** A call that another thread asks for. */
export interface SharedCall {
  request: ContentRequest;
  workspace: ContentWorkspace;
  key: string;
}

/** `outcome`: null for a URL that may not be called. */
type Message =
  | ({ kind: 'ask'; number: number } & SharedCall)
  | { kind: 'answer'; number: number; outcome: PlainFetched | null; untilMs: number }
  | { kind: 'failure'; number: number; error: unknown };

/** The thread that was asked has ended. */
export class NeighbourGone extends Error {}

/** Links between all threads from 1 to `count`. Each is for one thread, and its ports must be transferred to it. */
export function linkThreads(count: number): ThreadLinks[] {
  if (count > MOST_THREADS) throw new Error(`expected at most ${MOST_THREADS} threads, got ${count}`);
  const claims = claimsMemory();
  const links = Array.from({ length: count }, (_, index) => ({
    ...{ thread: index + 1, claims },
    ports: [] as { thread: number; port: MessagePort }[],
  }));
  for (const [at, one] of links.entries())
    for (const other of links.slice(at + 1)) {
      const { port1, port2 } = new MessageChannel();
      one.ports.push({ thread: other.thread, port: port1 });
      other.ports.push({ thread: one.thread, port: port2 });
    }
  return links;
}

export function portsOf({ ports }: ThreadLinks): Transferable[] {
  return ports.map(({ port }) => port);
}

interface Asked {
  thread: number;
  resolve(kept: KeptOutcome): void;
  reject(error: unknown): void;
}

/** The other threads of the process whose templates make calls. Each call that may be shared is made by one of them. */
export class Neighbours {
  readonly #claims: CallClaims;
  readonly #thread: number;
  readonly #ports: Map<number, MessagePort>;
  readonly #asked = new Map<number, Asked>();
  #number = 0;

  constructor({ thread, claims, ports }: ThreadLinks) {
    this.#claims = new CallClaims(claims, thread);
    this.#thread = thread;
    this.#ports = new Map(ports.map((one) => [one.thread, one.port]));
  }

  /** From now on, `answer` answers what the others ask. */
  serve(answer: (call: SharedCall) => Promise<KeptOutcome>): void {
    for (const [thread, port] of this.#ports) {
      port.on('message', (message: Message) => {
        if (message.kind === 'ask') this.#answer(port, message, answer);
        else this.#settle(message);
      });
      port.on('close', () => this.#lose(thread));
      port.unref();
    }
  }

  /** The number of the thread that makes the call. null: this one does. */
  ownerOf(key: string, seconds: number, nowMs: number): number | null {
    const owner = this.#claims.ownerOf(key, seconds, nowMs);
    return owner === this.#thread || !this.#ports.has(owner) ? null : owner;
  }

  /** Asks the thread for the answer to a call, which it makes if it must. Throws NeighbourGone. */
  ask(thread: number, call: SharedCall): Promise<KeptOutcome> {
    this.#number += 1;
    const number = this.#number;
    const { promise, resolve, reject } = Promise.withResolvers<KeptOutcome>();
    this.#asked.set(number, { thread, resolve, reject });
    const { id, connectedContent } = call.workspace;
    const workspace: ContentWorkspace = { id, ...(connectedContent && { connectedContent }) };
    this.#ports.get(thread)?.postMessage({ kind: 'ask', number, ...call, workspace } satisfies Message);
    return promise;
  }

  close(): void {
    for (const port of this.#ports.values()) port.close();
  }

  #answer(
    port: MessagePort,
    { number, ...call }: SharedCall & { number: number },
    answer: (call: SharedCall) => Promise<KeptOutcome>,
  ): void {
    const post = (message: Message) => port.postMessage(message);
    answer(call).then(
      ({ value, untilMs }) => post({ kind: 'answer', number, outcome: plainOf(value), untilMs }),
      (error: unknown) => post({ kind: 'failure', number, error }),
    );
  }

  #settle(message: Exclude<Message, { kind: 'ask' }>): void {
    const asked = this.#asked.get(message.number);
    this.#asked.delete(message.number);
    if (message.kind === 'failure') asked?.reject(message.error);
    else asked?.resolve({ value: outcomeOf(message.outcome), untilMs: message.untilMs });
  }

  #lose(thread: number): void {
    this.#ports.delete(thread);
    for (const [number, asked] of this.#asked) {
      if (asked.thread !== thread) continue;
      this.#asked.delete(number);
      asked.reject(new NeighbourGone());
    }
  }
}

function plainOf(outcome: Outcome): PlainFetched | null {
  return outcome instanceof Fetched ? outcome.plain : null;
}

function outcomeOf(plain: PlainFetched | null): Outcome {
  return plain === null ? new BlockedUrl() : new Fetched(plain);
}

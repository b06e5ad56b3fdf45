import { type ConnectedContentSettings, noConnectedContentSettings } from '../channels/connected-content.ts';
import { BoundedCache } from '../lib/bounded-cache.ts';
import type { Clock } from '../lib/clock.ts';
import { endAll } from '../lib/end-all.ts';
import { RoomFull } from '../lib/limits/room.ts';
import { createGuardedPools, type GuardedPools } from '../net/guarded-pools.ts';
import { HostHealth } from '../net/host-health.ts';
import type { ContentRequest } from '../templating/content/reader.ts';
import { BlockedUrl, LONGEST_MS, makeCall, urlOf } from './call.ts';
import { CallQueue } from './call-queue.ts';
import type { Calls, ContentWorkspace, KeptOutcome, Outcome } from './calls.ts';
import { Fetched, NO_ANSWER, NOT_CALLED } from './fetched.ts';
import { MessageContent } from './message-content.ts';
import { NeighbourGone, type Neighbours, type SharedCall } from './neighbours.ts';

/** Most calls at once of one thread, and to one host. Each may bring 1 MB, so this bounds the memory. */
const MOST_CALLS = 128;
const MOST_OF_HOST = 96;
const MOST_WAITING = 5_000;
/** Memory for answers that are shared, and for those that messages keep which are composed again soon. */
const SHARED_BYTES = 32 * 1_048_576;
const RESUMED_BYTES = 16 * 1_048_576;
/** Bytes of the answers that messages hold while they are composed, from which new messages wait. */
const HELD_BYTES = 48 * 1_048_576;
/** Memory of a message that keeps its answers, in bytes. */
const OVERHEAD_BYTES = 1_000;
/** How long a failure is shared, in milliseconds, so that a broadcast does not call a failing server for each person. */
const FAILURE_MS = 5_000;
/** How long a message keeps its answers until it is composed again, in milliseconds. */
const RESUMED_MS = 60_000;
/** How long another thread is waited for beyond the longest time of a call, in milliseconds. */
const OTHER_THREAD_MS = 500;

interface Kept<T> {
  value: T;
  untilMs: number;
}

/**
 * Makes the calls of one thread's templates. An answer that may be shared is kept, and asked for once however many messages
 * want it at the same time, in this thread and in its neighbours.
 */
export class ContentDesk implements Calls {
  readonly #clock: Clock;
  readonly #shared = new BoundedCache<string, KeptOutcome>({ mostBytes: SHARED_BYTES });
  readonly #resumed = new BoundedCache<string, Kept<MessageContent>>({ mostBytes: RESUMED_BYTES });
  /** Calls that are being made here, and those that other threads were asked for. */
  readonly #making = new Map<string, Promise<KeptOutcome>>();
  readonly #asking = new Map<string, Promise<KeptOutcome>>();
  readonly #neighbours: Neighbours | null;
  readonly #pools = new Map<number, { settings: ConnectedContentSettings; pools: GuardedPools }>();
  readonly #closing = new AbortController();
  readonly #health = new HostHealth({ mostShare: 0.9, probes: 5 });
  #heldBytes = 0;
  #waiting: (() => void)[] = [];
  readonly #queue = new CallQueue(
    { most: MOST_CALLS, mostOfOwner: MOST_OF_HOST, mostWaiting: MOST_WAITING, mostWaitingOfOwner: MOST_WAITING },
    { longestMs: LONGEST_MS, nowMs: () => this.#nowMs() },
  );

  /** `neighbours`: other threads with which answers are shared. Absent: there are none. */
  constructor({ clock, neighbours }: { clock: Clock; neighbours?: Neighbours | undefined }) {
    this.#clock = clock;
    this.#neighbours = neighbours ?? null;
    // What another thread asks for is never asked on, so that no two threads wait for each other.
    neighbours?.serve((call) => this.#answer(call));
  }

  /** The answers of one message. `key`: what it is known by if it is composed again. */
  forMessage(key: string, workspace: ContentWorkspace): MessageContent {
    const kept = this.#resumed.count === 0 ? undefined : this.#resumed.get(key);
    if (kept !== undefined) this.#resumed.delete(key);
    if (kept === undefined || this.#nowMs() >= kept.untilMs) return new MessageContent(this, workspace, key);
    this.hold(kept.value.sizeBytes);
    return kept.value;
  }

  /** Keeps the answers of a message that is composed again soon, so that its calls are not made twice. */
  keep(message: MessageContent): void {
    this.hold(-message.sizeBytes);
    const untilMs = this.#nowMs() + RESUMED_MS;
    this.#resumed.set(message.key, { value: message, untilMs }, OVERHEAD_BYTES + message.sizeBytes);
  }

  known(key: string): Outcome | undefined {
    return this.#kept(key)?.value;
  }

  async untilRoom(): Promise<void> {
    while (this.#heldBytes > HELD_BYTES) await new Promise<void>((go) => this.#waiting.push(go));
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > HELD_BYTES || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  async ask(request: ContentRequest, workspace: ContentWorkspace, key: string | null): Promise<Outcome> {
    if (key === null) return this.#call(request, workspace);
    const kept = this.#kept(key); // it may have come since the message was rendered
    if (kept !== undefined) return kept.value;
    const call = { request, workspace, key };
    const under = this.#making.get(key) ?? this.#asking.get(key);
    if (under !== undefined) return (await under).value;
    const seconds = request.shareSeconds + LONGEST_MS / 1_000;
    const owner = this.#neighbours?.ownerOf(key, seconds, this.#nowMs()) ?? null;
    return (await (owner === null ? this.#make(call) : this.#askOther(owner, call))).value;
  }

  /** Ends the calls under way. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#neighbours?.close();
    await endAll(
      ...[...this.#pools.values()].map(
        ({ pools }) =>
          () =>
            pools.close(),
      ),
    );
  }

  #kept(key: string): KeptOutcome | undefined {
    const kept = this.#shared.get(key);
    return kept !== undefined && this.#nowMs() < kept.untilMs ? kept : undefined;
  }

  /** What another thread asks for. */
  async #answer(call: SharedCall): Promise<KeptOutcome> {
    return this.#kept(call.key) ?? this.#making.get(call.key) ?? this.#make(call);
  }

  #make({ request, workspace, key }: SharedCall): Promise<KeptOutcome> {
    const made = this.#call(request, workspace)
      .then((outcome) => this.#share(key, { value: outcome, untilMs: this.#untilMs(outcome, request.shareSeconds) }))
      .finally(() => this.#making.delete(key));
    this.#making.set(key, made);
    return made;
  }

  #askOther(thread: number, call: SharedCall): Promise<KeptOutcome> {
    const asked = this.#answerOf(thread, call)
      .then((kept) => this.#share(call.key, kept))
      .finally(() => this.#asking.delete(call.key));
    this.#asking.set(call.key, asked);
    return asked;
  }

  /** The answer of another thread. If that ends meanwhile, or has too much to do, the call is made here. */
  async #answerOf(thread: number, call: SharedCall): Promise<KeptOutcome> {
    const asked = this.#neighbours?.ask(thread, call) ?? this.#make(call);
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), LONGEST_MS + OTHER_THREAD_MS);
    try {
      return (await Promise.race([asked, late.promise])) ?? (await this.#make(call));
    } catch (error) {
      if (!(error instanceof NeighbourGone)) throw error;
      return this.#make(call);
    } finally {
      clearTimeout(timer);
    }
  }

  #share(key: string, kept: KeptOutcome): KeptOutcome {
    const bytes = kept.value instanceof Fetched ? kept.value.sizeBytes : 0;
    this.#shared.set(key, kept, bytes + 2 * key.length);
    return kept;
  }

  #untilMs(outcome: Outcome, seconds: number): number {
    const isGood = outcome instanceof Fetched && outcome.failure === null;
    return this.#nowMs() + (isGood ? seconds * 1_000 : FAILURE_MS);
  }

  async #call(request: ContentRequest, workspace: ContentWorkspace): Promise<Outcome> {
    const url = urlOf(request);
    if (url === null) return unanswered(NO_ANSWER, 'the URL is not one that can be called');
    const health = `${workspace.id} ${url.host}`;
    if (!this.#health.mayCall(health, this.#nowMs()))
      return unanswered(NOT_CALLED, `${url.hostname} fails too often and is not called for a while`);
    const outcome = await this.#callInTurn(request, url, workspace);
    if (!(outcome instanceof Fetched)) return outcome;
    if (outcome.status !== NO_ANSWER) this.#queue.noteAnswer(url.host);
    this.#health.note(health, outcome.status, this.#nowMs());
    return outcome;
  }

  async #callInTurn(request: ContentRequest, url: URL, workspace: ContentWorkspace): Promise<Outcome> {
    try {
      const outcome = await this.#queue.run(url.host, () => this.#callWithin(request, url, workspace));
      return outcome ?? unansweredInTime(url);
    } catch (error) {
      if (error instanceof BlockedUrl) return error;
      if (error instanceof RoomFull) return unanswered(NO_ANSWER, `${url.hostname} has too many calls waiting for it`);
      throw error;
    }
  }

  /** The time counts from here, so that waiting for a connection belongs to it. */
  async #callWithin(request: ContentRequest, url: URL, { connectedContent, id }: ContentWorkspace): Promise<Outcome> {
    const closing = this.#closing.signal;
    if (closing.aborted) return unansweredInTime(url);
    const settings = connectedContent ?? noConnectedContentSettings;
    const late = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const stop = () => {
      late.abort();
      resolve(unansweredInTime(url));
      this.#queue.noteSilence(url.host);
    };
    const timer = setTimeout(stop, LONGEST_MS);
    closing.addEventListener('abort', stop, { once: true });
    const made = makeCall(request, url, { pools: this.#poolsOf(id, settings), settings, signal: late.signal });
    made.catch(() => undefined); // the race has it; after the time is over, nobody asks
    try {
      return await Promise.race([promise, made]);
    } finally {
      clearTimeout(timer);
      closing.removeEventListener('abort', stop);
    }
  }

  /** The connections of a workspace, which are closed when its settings change. */
  #poolsOf(id: number, settings: ConnectedContentSettings): GuardedPools {
    const known = this.#pools.get(id);
    if (known !== undefined && haveSameTargets(known.settings, settings)) return known.pools;
    known?.pools.close().catch(() => undefined); // its calls under way fail by themselves, and say so
    const pools = createGuardedPools({
      ...{ allow: settings.allow, connections: MOST_OF_HOST, replyTimeoutMs: LONGEST_MS },
      ...{ connectTimeoutMs: LONGEST_MS },
    });
    this.#pools.set(id, { settings, pools });
    return pools;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

function haveSameTargets(one: ConnectedContentSettings, other: ConnectedContentSettings): boolean {
  return one === other || one.allow.join(' ') === other.allow.join(' ');
}

function unanswered(status: number, failure: string, ms = 0): Fetched {
  return new Fetched({ status, text: null, isJson: false, failure, ms });
}

function unansweredInTime({ hostname }: URL): Fetched {
  return unanswered(NO_ANSWER, `${hostname} gave no answer within ${LONGEST_MS / 1_000} s`, LONGEST_MS);
}

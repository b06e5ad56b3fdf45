import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { addTo, type Footprint, footprintOf, mayOverlap, unionOf } from './footprint.ts';
import { countOf } from './load.ts';
import type { TrackProblem } from './request.ts';
import type { TrackWork, TrackWriter } from './track.ts';
import { isOnesFault, type WriterOptions, writeTogether } from './writer.ts';

/**
 * Most objects of one group, because each address of a group takes a lock in PostgreSQL's shared table, which holds about
 * 8,000. A larger request is a group by itself.
 */
const MOST_OBJECTS = 500;
/** Most bytes of the bodies of one group. */
const MOST_BYTES = 4 * 1_048_576;
/** Most requests that may wait, and most bytes of their bodies. More are refused. */
const MOST_WAITING = 20_000;
const MOST_WAITING_BYTES = 64 * 1_048_576;
/** After this time a group no longer keeps the next from starting, because it waits for a lock or is huge. */
const SLOW_MS = 50;
/** Most ordinary groups at once, of which all but two are slow. Each has a connection. */
const MOST_GROUPS = 4;
/** Time after which bulk requests are written although ordinary ones wait, too. */
const BULK_PATIENCE_MS = 1_000;
/** Most waiting requests that later ones may pass, which bounds the search for those. */
const MOST_PASSED = 1_000;

/** A request that waits. */
class Waiting {
  readonly work: TrackWork;
  readonly objects: number;
  readonly since: number;
  readonly answer = Promise.withResolvers<TrackProblem[]>();
  #footprint: Footprint | null = null;

  constructor(work: TrackWork, since: number) {
    this.work = work;
    this.objects = countOf(work.request);
    this.since = since;
  }

  /** Made when it is first needed, because a request that meets no other group needs none. */
  get footprint(): Footprint {
    this.#footprint ??= footprintOf(this.work.request);
    return this.#footprint;
  }
}

/** Requests of one workspace that are written together. */
class Group {
  readonly items: readonly [Waiting, ...Waiting[]];
  readonly workspaceId: number;
  readonly startedAt: number;
  readonly isBulk: boolean;
  #footprint: Footprint | null = null;

  constructor(items: readonly [Waiting, ...Waiting[]], { startedAt, isBulk }: { startedAt: number; isBulk: boolean }) {
    this.items = items;
    this.workspaceId = items[0].work.workspace.id;
    this.startedAt = startedAt;
    this.isBulk = isBulk;
  }

  get footprint(): Footprint {
    const [first, ...others] = this.items;
    this.#footprint ??= unionOf([first.footprint, ...others.map(({ footprint }) => footprint)]);
    return this.#footprint;
  }
}

export interface TrackGroups {
  /** Writes ordinary requests. */
  write: TrackWriter;
  /** Writes requests that may wait for ordinary ones. */
  writeBulk: TrackWriter;
}

/**
 * Requests share transactions: those that arrive during a commit go together into the next one, in order. There is no
 * timer, so a request never waits for others to come. Two groups at once never touch the same person, so that each
 * person's requests are applied in the order in which they came (ordinary and bulk requests each in their own order).
 */
export function createTrackGroups(options: Omit<WriterOptions, 'now'> & { clock: Clock }): TrackGroups {
  const { clock } = options;
  const writing = { ...options, now: () => clock.now() };
  const queues = { ordinary: new Queue(), bulk: new Queue() };
  const running = new Set<Group>();
  let cancelTimer: () => void = () => undefined;
  let willLook = false;

  function look(): void {
    cancelTimer();
    cancelTimer = () => undefined;
    let isStarting = true;
    while (isStarting) isStarting = startNext();
    const dueAt = nextLookAt();
    if (dueAt !== null) cancelTimer = clock.after(Math.max(1, dueAt - nowMs()), look);
  }

  /** Requests of the same moment share a group. */
  function lookSoon(): void {
    if (willLook) return;
    willLook = true;
    queueMicrotask(() => {
      willLook = false;
      look();
    });
  }

  function startNext(): boolean {
    const others = [...running];
    const ordinary = others.filter(({ isBulk }) => !isBulk);
    const fast = ordinary.filter((group) => !isSlow(group)).length;
    // One group at a time is cheapest, but once a whole group waits, nothing is gained by waiting for more.
    const mostFast = queues.ordinary.objects >= MOST_OBJECTS ? 2 : 1;
    const isFull = ordinary.length >= MOST_GROUPS || fast >= mostFast;
    if (!isFull && start(queues.ordinary.take(others), false)) return true;
    if (others.length > ordinary.length) return false;
    const isTheirTurn = queues.ordinary.oldest === null || nowMs() - (queues.bulk.oldest ?? 0) >= BULK_PATIENCE_MS;
    return isTheirTurn && start(queues.bulk.take(others), true);
  }

  function start([first, ...others]: readonly Waiting[], isBulk: boolean): boolean {
    if (first === undefined) return false;
    const group = new Group([first, ...others], { startedAt: nowMs(), isBulk });
    const { items } = group;
    running.add(group);
    void finish(items).then(() => {
      running.delete(group);
      look();
    });
    return true;
  }

  /** Resolves when all have their answers. If one may be at fault, halves are written alone until only that one fails. */
  async function finish(items: readonly Waiting[]): Promise<void> {
    try {
      const problems = await writeTogether(
        writing,
        items.map(({ work }) => work),
      );
      for (const [index, { answer }] of items.entries()) answer.resolve(problems[index] ?? []);
    } catch (error) {
      if (items.length > 1 && isOnesFault(error)) {
        const half = Math.ceil(items.length / 2);
        await finish(items.slice(0, half));
        await finish(items.slice(half));
      } else for (const { answer } of items) answer.reject(error);
    }
  }

  const nowMs = () => clock.now().getTime();
  const isSlow = ({ startedAt }: Group) => nowMs() - startedAt >= SLOW_MS;

  /** When a group becomes slow while others wait for it, or the patience of bulk requests ends. null: neither. */
  function nextLookAt(): number | null {
    const times = [...running].filter((group) => !isSlow(group)).map(({ startedAt }) => startedAt + SLOW_MS);
    const slowAt = queues.ordinary.oldest === null ? [] : times;
    const isBulkRunning = [...running].some(({ isBulk }) => isBulk);
    const { oldest } = queues.bulk;
    const bulkAt = oldest === null || isBulkRunning ? [] : [oldest + BULK_PATIENCE_MS].filter((at) => at > nowMs());
    const all = [...slowAt, ...bulkAt];
    return all.length === 0 ? null : Math.min(...all);
  }

  function writer(queue: Queue): TrackWriter {
    return (work) => {
      const waiting = new Waiting(work, nowMs());
      if (!queue.add(waiting))
        return Promise.reject(new RequestError('unavailable', ['too many requests are waiting; try again'], 1));
      lookSoon();
      return waiting.answer.promise;
    };
  }

  return { write: writer(queues.ordinary), writeBulk: writer(queues.bulk) };
}

/** Requests that wait, in the order in which they came. */
class Queue {
  #waiting: Waiting[] = [];
  #bytes = 0;
  #objects = 0;

  /** When the oldest came, in Unix milliseconds. null: nobody waits. */
  get oldest(): number | null {
    return this.#waiting[0]?.since ?? null;
  }

  /** Number of objects of those that wait. */
  get objects(): number {
    return this.#objects;
  }

  /** Returns false when it is full. */
  add(one: Waiting): boolean {
    const bytes = this.#bytes + one.work.sizeBytes;
    if (this.#waiting.length >= MOST_WAITING || (this.#waiting.length > 0 && bytes > MOST_WAITING_BYTES)) return false;
    this.#waiting.push(one);
    this.#bytes = bytes;
    this.#objects += one.objects;
    return true;
  }

  /**
   * Takes the next group, in order: requests of one workspace that touch nobody whom a running group touches, or a request
   * that came earlier and stays behind.
   */
  take(running: readonly Group[]): Waiting[] {
    const group: Waiting[] = [];
    const kept: Waiting[] = [];
    const ahead = new Ahead(running);
    let [objects, bytes, isFull] = [0, 0, false];
    for (const one of this.#waiting) {
      if (isFull || ahead.blocks(one)) {
        kept.push(one);
        if (!isFull) ahead.add(one);
        isFull ||= kept.length >= MOST_PASSED;
        continue;
      }
      const { workspace, sizeBytes } = one.work;
      objects += one.objects;
      bytes += sizeBytes;
      const [first = one] = group;
      // A newer snapshot of the operator's definitions begins a new group, too.
      isFull = first !== one && (workspace !== first.work.workspace || objects > MOST_OBJECTS || bytes > MOST_BYTES);
      (isFull ? kept : group).push(one);
    }
    this.#waiting = kept;
    for (const { work, objects: taken } of group) {
      this.#bytes -= work.sizeBytes;
      this.#objects -= taken;
    }
    return group;
  }
}

/** What is being written, or waits in front: what touches the same people must wait. */
class Ahead {
  readonly #running: readonly Group[];
  /** The footprint of what stays behind, by workspace. */
  readonly #behind = new Map<number, Footprint>();

  constructor(running: readonly Group[]) {
    this.#running = running;
  }

  /** Notes a request that stays behind. */
  add({ work: { workspace }, footprint }: Waiting): void {
    const known = this.#behind.get(workspace.id);
    if (known === undefined) this.#behind.set(workspace.id, unionOf([footprint]));
    else addTo(known, footprint);
  }

  blocks(one: Waiting): boolean {
    const { id } = one.work.workspace;
    const behind = this.#behind.get(id);
    if (behind !== undefined && !mayOverlap(behind, one.footprint)) return true;
    return this.#running.some((group) => group.workspaceId === id && !mayOverlap(group.footprint, one.footprint));
  }
}

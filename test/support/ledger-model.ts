import type { ReplayableStatus } from '../../src/dispatch/plan/replay-filter.ts';
import type { SendStatus } from '../../src/dispatch/plan/states.ts';
import { type DispatchState, dispatchMoves } from '../../src/dispatch/plan/states.ts';
import { LEASE_MS } from '../../src/queue/tasks.ts';

export interface ModelSend {
  status: SendStatus;
  /** The task under which it was last decided. */
  taskId: number | null;
  updatedAt: number;
  /** The provider has the message, or may have it. */
  mayHave: boolean;
}

export interface ModelTask {
  kind: 'drain' | 'revive';
  holder: string | null;
  runAt: number;
  leasedUntil: number;
  /** Number of leases since it was last given back. */
  tries: number;
}

export type Delivery = 'at_least_once' | 'at_most_once';

/** What becomes of an order. `nothing`: it is accepted and changes nothing. */
export type Ordered = 'moved' | 'nothing' | 'refused';

/**
 * A model of one dispatch to a few named people, as ARCHITECTURE.md describes it, without SQL. The ledger is compared with it.
 * Each method models the server's function for the same step, or throws if the design says that it cannot happen.
 */
export class LedgerModel {
  state: DispatchState = 'accepted';
  openTasks = 1;
  readonly sends = new Map<number, ModelSend>();
  readonly tasks = new Map<number, ModelTask>();
  replay: { statuses: readonly ReplayableStatus[]; at: number } | null = null;
  now: number;
  readonly #delivery: Delivery;

  constructor(taskId: number, { delivery, now }: { delivery: Delivery; now: number }) {
    this.tasks.set(taskId, { kind: 'drain', holder: null, runAt: now, leasedUntil: 0, tries: 0 });
    this.#delivery = delivery;
    this.now = now;
  }

  get isLive(): boolean {
    return this.state === 'accepted' || this.state === 'sending';
  }

  /** Leases the oldest free task, or else the oldest that a dead worker held. null: there is none. */
  lease(worker: string): { id: number; kind: 'drain' | 'revive'; tries: number } | null {
    const oldest = [...this.tasks].sort(oldestFirst);
    for (const [id, task] of [
      ...oldest.filter(([, one]) => !isSuspect(one)),
      ...oldest.filter(([, one]) => isSuspect(one)),
    ]) {
      if (task.holder !== null && task.leasedUntil >= this.now) continue;
      Object.assign(task, { holder: worker, leasedUntil: this.now + LEASE_MS, tries: task.tries + 1 });
      return { id, kind: task.kind, tries: task.tries - 1 };
    }
    return null;
  }

  /** Writes the rows of the named people. */
  open(people: readonly number[]): void {
    this.#move('sending');
    for (const id of people)
      this.sends.set(id, { status: 'pending', taskId: null, updatedAt: this.now, mayHave: false });
  }

  /** Decides the sends that a dead worker left in `sending` under this task. */
  resolveAmbiguous(taskId: number): void {
    const isTriedAgain = this.#delivery === 'at_least_once' && (this.isLive || this.state === 'paused');
    for (const send of this.sends.values())
      if (send.status === 'sending' && send.taskId === taskId) this.#put(send, isTriedAgain ? 'pending' : 'unknown');
  }

  revive(taskId: number, worker: string): void {
    const task = this.tasks.get(taskId);
    if (task?.holder !== worker || task.kind !== 'revive') return;
    task.kind = 'drain';
    if (this.replay === null) return;
    const { statuses, at } = this.replay;
    const revivedAt = Math.max(this.now, at + 1);
    for (const send of this.sends.values()) {
      if (send.updatedAt > at) continue;
      if (send.status === 'pending' && !statuses.includes('cancelled')) this.#put(send, 'cancelled');
      else if (statuses.some((status) => status === send.status)) {
        // The order accepts that the person may get it twice.
        if (send.status === 'unknown') send.mayHave = false;
        this.#put(send, 'pending', revivedAt);
      }
    }
  }

  /** Writes a decision if the send is pending and its worker still holds the task, which is not stopped. True: written. */
  decide(userId: number, status: SendStatus, { taskId, worker }: { taskId: number; worker: string }): boolean {
    const task = this.tasks.get(taskId);
    const send = this.#send(userId);
    if (send.status !== 'pending' || task?.holder !== worker || task.kind !== 'drain') return false;
    if (status === 'sending' && send.mayHave && this.#delivery === 'at_most_once')
      throw new Error(`person ${userId} would be sent to twice`);
    this.#put(send, status);
    send.taskId = taskId;
    return true;
  }

  record(userId: number, status: SendStatus): void {
    const send = this.#send(userId);
    if (status === 'sent' || status === 'unknown') send.mayHave = true;
    if (send.status === 'sending') this.#put(send, status);
  }

  /** The worker died while it sent, so nobody knows whether the provider has the message. */
  lose(userId: number): void {
    this.#send(userId).mayHave = true;
  }

  end(taskId: number, worker: string, isAgain: boolean): void {
    const task = this.tasks.get(taskId);
    if (task?.holder !== worker) return;
    if (isAgain) {
      Object.assign(task, { holder: null, tries: 0, runAt: this.now });
      return;
    }
    this.tasks.delete(taskId);
    this.openTasks -= 1;
    if (this.openTasks === 0 && this.state === 'sending') this.#move('finished');
  }

  /** Pauses or cancels. */
  stop(as: 'paused' | 'cancelled'): Ordered {
    if (this.state === as) return 'nothing';
    if (!dispatchMoves[this.state].includes(as)) return 'refused';
    for (const [id, task] of this.tasks) {
      if (task.holder !== null) task.kind = 'revive';
      else this.tasks.delete(id);
    }
    this.openTasks = this.tasks.size;
    this.#move(as);
    return 'moved';
  }

  resume(): Ordered {
    if (this.isLive) return 'nothing';
    if (this.state !== 'paused') return 'refused';
    this.#goOn();
    return 'moved';
  }

  replayed(statuses: readonly ReplayableStatus[]): Ordered {
    if (this.state !== 'finished' && this.state !== 'cancelled') return 'refused';
    const isUnsettled = this.sends.size === 0 || [...this.sends.values()].some(({ status }) => status === 'sending');
    if (this.state === 'cancelled' && isUnsettled && !statuses.includes('cancelled')) return 'refused';
    const isSelected = ({ status }: ModelSend) =>
      statuses.some((one) => one === status || (one === 'cancelled' && status === 'pending'));
    if (this.sends.size > 0 && ![...this.sends.values()].some(isSelected)) return 'nothing';
    this.replay = { statuses, at: this.now };
    this.#goOn();
    return 'moved';
  }

  #goOn(): void {
    this.#move(this.sends.size === 0 ? 'accepted' : 'sending');
    this.openTasks += 1;
  }

  /** Adds the task that `resume` or `replayed` made. The database chose its id. */
  addTask(taskId: number): void {
    this.tasks.set(taskId, { kind: 'revive', holder: null, runAt: this.now, leasedUntil: 0, tries: 0 });
  }

  #send(userId: number): ModelSend {
    const send = this.sends.get(userId);
    if (send === undefined) throw new Error(`person ${userId} has no row`);
    return send;
  }

  #put(send: ModelSend, status: SendStatus, at = this.now): void {
    send.status = status;
    send.updatedAt = at;
  }

  #move(to: DispatchState): void {
    if (!dispatchMoves[this.state].includes(to)) throw new Error(`the model went from ${this.state} to ${to}`);
    this.state = to;
  }
}

function oldestFirst([id, { runAt }]: [number, ModelTask], [otherId, other]: [number, ModelTask]): number {
  return runAt - other.runAt || id - otherId;
}

function isSuspect({ holder }: ModelTask): boolean {
  return holder !== null;
}

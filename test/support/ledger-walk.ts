import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { sql } from '../../src/db/sql.ts';
import { cancelDispatch, pauseDispatch, replayDispatch, resumeDispatch } from '../../src/dispatch/control/control.ts';
import { reviveTask } from '../../src/dispatch/control/replay.ts';
import { createFinisher } from '../../src/dispatch/deliver/end-tasks.ts';
import { expandNamed } from '../../src/dispatch/expand/expand-named.ts';
import { decideSends } from '../../src/dispatch/ledger/decide-sends.ts';
import type { PendingSend } from '../../src/dispatch/ledger/send.ts';
import { resolveAmbiguous } from '../../src/dispatch/ledger/stopped-sends.ts';
import { writeVerdicts } from '../../src/dispatch/ledger/write-verdicts.ts';
import { DispatchCache, type LoadedDispatch, loadDispatches } from '../../src/dispatch/plan/loaded-dispatch.ts';
import type { ReplayableStatus } from '../../src/dispatch/plan/replay-filter.ts';
import type { SendStatus } from '../../src/dispatch/plan/states.ts';
import { RequestError } from '../../src/errors.ts';
import { dashed } from '../../src/lib/uuid.ts';
import { leaseSuspect } from '../../src/queue/suspects.ts';
import { leaseTasks, type Task } from '../../src/queue/tasks.ts';
import type { TestApp } from './app.ts';
import { type Delivery, LedgerModel, type Ordered } from './ledger-model.ts';

export const PEOPLE = ['ada', 'bob', 'cid'];

/** The next step. A worker takes it only if it can. `mask`: the people it applies to, as bits. */
export type Step =
  | { do: 'lease' | 'end' | 'crash'; worker: number }
  | { do: 'decide' | 'record'; worker: number; mask: number; status: SendStatus }
  | { do: 'pause' | 'resume' | 'cancel' | 'tick' }
  | { do: 'replay'; statuses: ReplayableStatus[] };

/** A worker of the walk, and what it has in hand. */
interface Worker {
  id: string;
  task: Task | null;
  sending: Set<number>;
}

/** Takes one dispatch in the ledger and its model through the same steps of two workers and an operator. */
export class Walk {
  readonly #app: TestApp;
  readonly #dispatchId: string;
  readonly #delivery: Delivery;
  readonly #model: LedgerModel;
  readonly #hands: Worker[] = [];
  readonly #cache = new DispatchCache();
  readonly #buckets = new Map<number, number>();

  private constructor(app: TestApp, dispatchId: string, delivery: Delivery, model: LedgerModel) {
    this.#app = app;
    this.#dispatchId = dispatchId;
    this.#delivery = delivery;
    this.#model = model;
    for (let count = 0; count < 2; count += 1) this.#hands.push(newHand());
  }

  static async begin(app: TestApp, delivery: Delivery): Promise<Walk> {
    await app.db.run(sql`delete from tasks`); // left over from a walk that failed
    const { status, body } = await app.post('/messages/send', {
      external_user_ids: PEOPLE,
      messages: { webhook: { url: 'https://example.test/', request_method: 'POST' } },
      cresset: { delivery },
    });
    assert.equal(status, 201, JSON.stringify(body));
    const { id } = await app.db.one<{ id: number }>(sql`select id from tasks`);
    const model = new LedgerModel(id, { delivery, now: app.clock.now().getTime() });
    const walk = new Walk(app, dashed(body.dispatch_id), delivery, model);
    const people = await app.db.query<{ bucket: number; user_id: number }>(sql`select bucket, user_id from profiles`);
    for (const { bucket, user_id } of people) walk.#buckets.set(user_id, bucket);
    return walk;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'tick':
        return this.#pass(1);
      case 'lease':
        return this.#lease(this.#hand(step.worker));
      case 'decide':
        return this.#decide(this.#hand(step.worker), step);
      case 'record':
        return this.#record(this.#hand(step.worker), step);
      case 'end':
        return this.#end(this.#hand(step.worker));
      case 'crash':
        return this.#crash(step.worker);
      case 'pause':
        return this.#order(pauseDispatch(this.#control()), this.#model.stop('paused'));
      case 'cancel':
        return this.#order(cancelDispatch(this.#control()), this.#model.stop('cancelled'));
      case 'resume':
        return this.#order(resumeDispatch(this.#control()), this.#model.resume());
      case 'replay': {
        const request = { statuses: step.statuses, channels: null, codes: null };
        return this.#order(replayDispatch(this.#control(), request), this.#model.replayed(step.statuses));
      }
    }
  }

  /** Leases a task and prepares it as a round does. The task of a stopped dispatch is ended at once. */
  async #lease(hand: Worker): Promise<void> {
    if (hand.task !== null) return;
    const { db, clock } = this.#app;
    const filter = { lane: 0, work: 'sending' } as const;
    const look = { now: clock.now(), takeOverFrom: new Date(0), inHand: [] };
    const [fresh] = await leaseTasks(db, { filter, worker: hand.id, limit: 1, now: look.now });
    const task = fresh ?? (await leaseSuspect(db, { lane: filter.lane, worker: hand.id, ...look })) ?? undefined;
    const expected = this.#model.lease(hand.id);
    const leased = task && { id: task.id, kind: task.kind, tries: task.tries };
    assert.deepEqual(leased ?? null, expected);
    if (task === undefined) return;
    hand.task = task;
    const wasAccepted = this.#model.state === 'accepted';
    if (!this.#model.isLive) return this.#endStopped(hand, task);
    if (task.kind === 'revive') {
      await reviveTask({ db, clock, worker: hand.id }, task, await this.#loaded());
      this.#model.revive(task.id, hand.id);
    }
    if (task.tries > 0) await this.#resolveAmbiguous(task);
    if (!wasAccepted) return;
    await expandNamed(db, [await this.#loaded()], new Map([[this.#dispatchId, task.id]]), clock.now());
    this.#model.open([...this.#buckets.keys()]);
  }

  async #endStopped(hand: Worker, task: Task): Promise<void> {
    if (task.tries > 0) await this.#resolveAmbiguous(task);
    await this.#finish(hand, task, false);
  }

  async #resolveAmbiguous(task: Task): Promise<void> {
    const isTriedAgain = this.#delivery === 'at_least_once' && (this.#model.isLive || this.#model.state === 'paused');
    await resolveAmbiguous(this.#app.db, task, isTriedAgain ? 'retry' : 'unknown', this.#app.clock.now());
    this.#model.resolveAmbiguous(task.id);
  }

  async #decide(hand: Worker, { mask, status }: { mask: number; status: SendStatus }): Promise<void> {
    const { task } = hand;
    if (task === null || this.#model.sends.size === 0) return;
    const decided = this.#people(mask).map((userId) => ({ send: this.#send(userId, task), verdict: { status } }));
    const written = await decideSends(this.#app.db, { worker: hand.id, now: this.#app.clock.now(), decided });
    const expected = this.#people(mask).filter((userId) =>
      this.#model.decide(userId, status, { taskId: task.id, worker: hand.id }),
    );
    assert.deepEqual(written.map(({ send }) => send.userId).sort(), [...expected].sort());
    if (status === 'sending') for (const userId of expected) hand.sending.add(userId);
  }

  async #record(hand: Worker, { mask, status }: { mask: number; status: SendStatus }): Promise<void> {
    const { task } = hand;
    const people = this.#people(mask).filter((userId) => hand.sending.delete(userId));
    if (task === null || people.length === 0) return;
    const results = people.map((userId) => ({ send: this.#send(userId, task), verdict: { status } }));
    await writeVerdicts(this.#app.db, results, this.#app.clock.now());
    for (const userId of people) this.#model.record(userId, status);
  }

  /** A round ends when nothing is in hand. Its task comes back if a send is still pending. */
  async #end(hand: Worker): Promise<void> {
    if (hand.task === null || hand.sending.size > 0) return;
    const isAgain = [...this.#model.sends.values()].some(({ status }) => status === 'pending');
    await this.#finish(hand, hand.task, isAgain);
  }

  async #finish(hand: Worker, task: Task, isAgain: boolean): Promise<void> {
    const { db, clock } = this.#app;
    await createFinisher({ db, clock, worker: hand.id })({ taskId: task.id, runAt: isAgain ? clock.now() : null });
    this.#model.end(task.id, hand.id, isAgain);
    hand.task = null;
  }

  /** A worker dies. All leases expire, also those of the other worker, which is slow and continues with what it has. */
  #crash(index: number): void {
    for (const userId of this.#hand(index).sending) this.#model.lose(userId);
    this.#hands[index] = newHand();
    this.#pass(31_000);
  }

  async #order(ordered: Promise<unknown>, expected: Ordered): Promise<void> {
    const refusal = await ordered.then(
      () => null,
      (error: unknown) => error,
    );
    if (expected === 'refused')
      assert.ok(refusal instanceof RequestError && refusal.code === 'wrong_state', String(refusal));
    else assert.equal(refusal, null);
    if (expected !== 'moved') return;
    for (const { id } of await this.#tasks()) if (!this.#model.tasks.has(id)) this.#model.addTask(id);
  }

  async compare(after: string): Promise<void> {
    const { state, open_tasks } = await this.#app.db.one<{ state: string; open_tasks: number }>(sql`
      select state, open_tasks from dispatches where id = ${this.#dispatchId}`);
    const sends = await this.#app.db.query<{ user_id: number; status: SendStatus }>(sql`
      select user_id, status from sends where dispatch_id = ${this.#dispatchId} order by user_id`);
    const tasks = (await this.#tasks()).map(({ id, kind, worker }) => [id, kind, worker]);
    const model = this.#model;
    assert.deepEqual(
      { state, open: open_tasks, tasks, sends: sends.map(({ user_id, status }) => [user_id, status]) },
      {
        state: model.state,
        open: model.openTasks,
        tasks: [...model.tasks]
          .sort(([one], [other]) => one - other)
          .map(([id, { kind, holder }]) => [id, kind, holder]),
        sends: [...model.sends].sort(([one], [other]) => one - other).map(([id, { status }]) => [id, status]),
      },
      after,
    );
    assert.equal(tasks.length, open_tasks, 'every open task is there');
    if (state === 'finished')
      assert.deepEqual(
        sends.filter(({ status }) => status === 'pending' || status === 'sending'),
        [],
        'a finished dispatch has a final word on everybody',
      );
  }

  /** Both workers die, a new one takes over, and the dispatch ends. */
  async finish(): Promise<void> {
    for (const index of this.#hands.keys()) this.#crash(index);
    await this.take({ do: 'resume' });
    for (let rounds = 0; this.#model.tasks.size > 0; rounds += 1) {
      assert.ok(rounds < 10, 'it is stuck');
      await this.take({ do: 'lease', worker: 0 });
      await this.take({ do: 'decide', worker: 0, mask: 7, status: 'sending' });
      await this.take({ do: 'record', worker: 0, mask: 7, status: 'sent' });
      await this.take({ do: 'end', worker: 0 });
      await this.compare('the end');
    }
    assert.ok(['finished', 'cancelled'].includes(this.#model.state), this.#model.state);
    assert.ok(this.#model.sends.size === PEOPLE.length || this.#model.state === 'cancelled');
  }

  async #loaded(): Promise<LoadedDispatch> {
    const workspace = this.#app.workspace();
    const catalog = {
      workspace: () => workspace,
      workspaceOfApp: () => workspace,
      workspaceOfGroup: () => workspace,
      apiKey: () => undefined,
      takesKeysInBodies: () => false,
      returnPaths: () => new Set<string>(),
    };
    const ids = [this.#dispatchId];
    const dispatch = (await loadDispatches(this.#app.db, { ids, catalog, cache: this.#cache })).dispatches.get(
      this.#dispatchId,
    );
    assert.ok(dispatch);
    return dispatch;
  }

  #tasks() {
    return this.#app.db.query<{ id: number; kind: string; worker: string | null }>(sql`
      select id, kind, worker from tasks where dispatch_id = ${this.#dispatchId} order by id`);
  }

  #control() {
    return { db: this.#app.db, dispatchId: this.#dispatchId, now: this.#app.clock.now() };
  }

  #pass(ms: number): void {
    this.#app.clock.advance(ms);
    this.#model.now = this.#app.clock.now().getTime();
  }

  #hand(index: number): Worker {
    const hand = this.#hands[index];
    assert.ok(hand);
    return hand;
  }

  #people(mask: number): number[] {
    return [...this.#buckets.keys()].filter((_, index) => (mask & (1 << index)) !== 0);
  }

  #send(userId: number, task: Task): PendingSend {
    const bucket = this.#buckets.get(userId) ?? 0;
    return { bucket, dispatchId: this.#dispatchId, userId, channel: 'webhook', taskId: task.id, attempts: 0 };
  }
}

function newHand(): Worker {
  return { id: randomUUID(), task: null, sending: new Set() };
}

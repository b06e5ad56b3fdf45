import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import { levelOf } from '../../db/trouble.ts';
import type { Clock } from '../../lib/clock.ts';
import { endAll } from '../../lib/end-all.ts';
import { createLane, type Lane, type LaneOptions } from '../../queue/lane.ts';
import { endTrial, leaseSuspect, nextSuspectAt } from '../../queue/suspects.ts';
import {
  EVERY_LANE,
  giveBackTasks,
  isAnyDue,
  type Look,
  leaseTasks,
  nextDueAt,
  renewLeases,
  stoppedDispatch,
  TASKS_CHANNEL,
  type Task,
  type TaskFilter,
} from '../../queue/tasks.ts';
import { dismissWorker, introduceWorker, sessionNameOf, type WorkerProcess } from '../../queue/workers.ts';
import { type LaneName, lanes, scheduleLane } from '../plan/send-plan.ts';
import { createRound, type RoundDeps } from './round.ts';
import { StopSignals } from './stop-signals.ts';
import { Trial } from './trial.ts';

const RENEW_EVERY_MS = 2_500;
/** Time after its start in which a worker takes over from nobody, in milliseconds. */
const AFTER_START_MS = 5_000;
/**
 * The same after an outage of the database, for all living workers to come back. On a machine with too much to do they need
 * many seconds, and the tasks of one that is called dead become suspect.
 */
const AFTER_OUTAGE_MS = 20_000;

export interface Worker {
  /** The id under which it leases tasks. */
  id: string;
  /** Makes the worker look for due tasks in this lane. */
  wake(lane: number): void;
  /** Stops what it has in hand of a dispatch that was paused or cancelled. It also hears of it by a notice, a moment later. */
  stopDispatch(dispatchId: string): void;
  /** Resolves when nothing is due or in hand. For tests, which then move the clock. */
  idle(): Promise<void>;
  /** Leases no more tasks, finishes the chunks in hand, and gives the tasks back. */
  stop(): Promise<void>;
}

export interface WorkerOptions extends Omit<RoundDeps, 'stops'> {
  db: Database;
  clock: Clock;
  log: Logger;
  /** The lanes that the worker works on. */
  lanes: readonly LaneName[];
  /** The process that it runs in, for people. */
  process: WorkerProcess;
}

/**
 * A round lasts until the last provider has answered. So that one hung provider does not make the messages of others wait,
 * rounds of the named lane that take longer than a second no longer count as one of the four. A provider has a share of them
 * (`provider-shares.ts`).
 */
const SLOW = { afterMs: 1_000, mostRounds: 64 };

/** Most tasks of dead workers in hand at once. The next one starts when the one before has ended, or soon after. */
const SUSPECTS_AT_ONCE = 50;

/**
 * Named people and broadcasts each have a lane, so that a receipt never waits behind a newsletter. Audiences are
 * written one piece at a time, each broadcast in its turn, because more at once would only take processor time from
 * sending.
 */
const laneSettings: ({ filter: TaskFilter; tasksAtOnce: number } & Pick<LaneOptions<Task>, 'roundsAtOnce' | 'slow'>)[] =
  [
    { filter: { lane: lanes.named, work: 'sending' }, tasksAtOnce: 50, roundsAtOnce: 4, slow: SLOW },
    { filter: { lane: lanes.broadcast, work: 'sending', isByTurns: true }, tasksAtOnce: 8, roundsAtOnce: 4 },
    { filter: { lane: lanes.broadcast, work: 'expansion' }, tasksAtOnce: 1, roundsAtOnce: 1 },
    { filter: { lane: scheduleLane, work: 'sending' }, tasksAtOnce: 50, roundsAtOnce: 1 },
  ];

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { db, clock, log, worker } = options;
  const stopping = new AbortController();
  const inHand = new Set<number>();
  let leasesUnderWay = 0;
  const stops = new StopSignals();
  const round = createRound({ ...options, stops }, wake);
  const named: readonly number[] = options.lanes.map((name) => lanes[name]);
  const numbers = options.lanes.includes('named') ? [...named, scheduleLane] : named;
  const trial = new Trial(numbers);
  const suspects = numbers.map((lane): { lane: number; works: Lane } => ({ lane, works: suspectLane(lane) }));
  const settings = laneSettings.filter(({ filter }) => numbers.includes(filter.lane));
  const running = settings.map(({ filter, tasksAtOnce, ...bounds }): { lane: number; works: Lane } => ({
    lane: filter.lane,
    works: createLane<Task>({
      clock,
      ...bounds,
      async lease() {
        const now = clock.now();
        if (!trial.hasLooked || trial.until(now.getTime()) !== null) return [];
        return taking(() => leaseTasks(db, { filter, worker, limit: tasksAtOnce, now }));
      },
      async nextDueAt() {
        if (!trial.hasLooked) return null; // the first look for suspects wakes this lane
        return trial.until(clock.now().getTime()) ?? nextDueAt(db, filter);
      },
      async run(tasks) {
        await endOverrun();
        await run(tasks);
      },
      onError: (error) => log[levelOf(error)]({ err: error, ...filter }, 'a round of work failed; trying again'),
    }),
  }));
  let takeOverFrom = new Date(clock.now().getTime() + AFTER_START_MS);
  const listener = await db.listen(TASKS_CHANNEL, onNotice, sessionNameOf(worker, options.lanes));
  await introduceWorker(db, worker, options.process);
  const cancelRenewal = renewing();
  wake(null);

  /** A lease that is committed, and whose answer has not come yet, is in hand: otherwise it would be taken over from itself. */
  async function taking(lease: () => Promise<Task[]>): Promise<Task[]> {
    leasesUnderWay += 1;
    try {
      const tasks = await lease();
      for (const { id } of tasks) inHand.add(id);
      return tasks;
    } finally {
      leasesUnderWay -= 1;
    }
  }

  async function run(tasks: Task[]): Promise<void> {
    try {
      await round(tasks, stopping.signal);
    } finally {
      for (const { id } of tasks) inHand.delete(id);
    }
  }

  /** If this worker ends from now on, what it starts now may be the reason as well as a suspect that it still tries. */
  async function endOverrun(): Promise<void> {
    const taskId = trial.takeOverrun(clock.now().getTime());
    if (taskId === null) return;
    await endTrial(db, { taskId, worker }).catch((error: unknown) =>
      log[levelOf(error)]({ err: error, taskId }, 'the task may be set aside if this server ends now'),
    );
  }

  /** Takes over the tasks of dead workers, one at a time. It looks for them by itself, and is not woken by new tasks. */
  function suspectLane(lane: number): Lane {
    return createLane<Task>({
      clock,
      roundsAtOnce: SUSPECTS_AT_ONCE,
      async lease() {
        const { now, ...others } = look();
        if (trial.until(now.getTime()) !== null) return [];
        try {
          const [task] = await taking(async () => {
            const suspect = await leaseSuspect(db, { lane, worker, now, ...others });
            return suspect === null ? [] : [suspect];
          });
          if (task === undefined) return [];
          trial.begin(task.id, now.getTime());
          return [task];
        } finally {
          const isFirst = !trial.hasLooked;
          trial.looked(lane);
          if (isFirst && trial.hasLooked) wakeAll(running);
        }
      },
      nextDueAt: async () => trial.until(clock.now().getTime()) ?? nextSuspectAt(db, look(), lane),
      async run(tasks) {
        await run(tasks);
        for (const { id } of tasks) trial.end(id);
        wakeAll([...suspects, ...running]);
      },
      onError: (error) => log[levelOf(error)]({ err: error, lane }, 'the work of a dead worker failed; trying again'),
    });
  }

  function look(): Look {
    return { now: clock.now(), takeOverFrom, inHand: [...inHand], ...(leasesUnderWay > 0 && { leasing: worker }) };
  }

  /** `notice`: see `TASKS_CHANNEL`. It is empty after a reconnect, when notices may have been missed. */
  function onNotice(notice: string): void {
    const stopped = stoppedDispatch(notice);
    if (stopped !== null) {
      stops.stopDispatch(stopped);
    } else if (notice === '') {
      takeOverFrom = new Date(clock.now().getTime() + AFTER_OUTAGE_MS);
      void renewAll();
      void introduceAgain();
      wake(null);
    } else {
      wake(notice === EVERY_LANE ? null : Number(notice));
    }
  }

  /** `lane`: null: wakes every lane. */
  function wake(lane: number | null): void {
    if (lane === null) wakeAll([...suspects, ...running]);
    else wakeAll(running.filter((one) => one.lane === lane));
  }

  function renewing(): () => void {
    let cancel = clock.after(RENEW_EVERY_MS, async function renew() {
      await renewAll();
      await giveSignOfLife();
      wakeAll(suspects); // other workers' leases may have begun since they last looked
      if (!stopping.signal.aborted) cancel = clock.after(RENEW_EVERY_MS, renew);
    });
    return () => cancel();
  }

  /** Renews the leases of all tasks in hand, and stops those that were stopped meanwhile. */
  async function renewAll(): Promise<void> {
    const sending = stops.taskIds;
    try {
      if (inHand.size === 0) return;
      const stopped = await renewLeases(db, worker, [...inHand], clock.now());
      stops.stopTasks(new Set(stopped).intersection(sending));
    } catch (error) {
      log[levelOf(error)]({ err: error }, 'leases could not be renewed');
    }
  }

  /** While its session was gone, it may have been taken for one that died long ago. */
  function introduceAgain(): Promise<void> {
    return introduceWorker(db, worker, options.process).catch((error: unknown) =>
      log[levelOf(error)]({ err: error }, 'GET /status may not know which process this worker is'),
    );
  }

  /** The state of the session shows others when this worker last did something. */
  function giveSignOfLife(): Promise<void> {
    return listener.ping().catch((error: unknown) => log.debug({ err: error }, 'no sign of life; reconnecting'));
  }

  return {
    id: options.worker,
    wake,
    stopDispatch: (dispatchId) => stops.stopDispatch(dispatchId),
    async idle() {
      // What is due may have been announced a moment ago. Each lane may add tasks to another, so all are asked twice.
      if (await isAnyDue(db, numbers, clock.now())) wakeAll([...suspects, ...running]);
      for (let looks = 0; looks < 2; looks += 1) for (const { works } of [...suspects, ...running]) await works.idle();
    },
    stop() {
      stopping.abort();
      stops.stopAll();
      return endAll(
        () => listener.stop(),
        () => Promise.all([...suspects, ...running].map(({ works }) => works.stop())),
        cancelRenewal,
        () => giveBackTasks(db, worker),
        () => dismissWorker(db, worker),
      );
    },
  };
}

function wakeAll(lanes: readonly { works: Lane }[]): void {
  for (const { works } of lanes) works.wake();
}

import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import type { Clock } from '../lib/clock.ts';
import { createLane, type Lane } from '../queue/lane.ts';
import { giveBackTasks, leaseTasks, nextDueAt, renewLeases, type Task } from '../queue/tasks.ts';
import { lanes } from './plan.ts';
import { createRound, type RoundDeps } from './round.ts';

const LEASE_MS = 30_000;
const RENEW_EVERY_MS = 10_000;

export interface Worker {
  /** There may be something to do in this lane. */
  wake(lane: number): void;
  /** Resolves when nothing is due and nothing in hand; for tests, which then move the clock. */
  idle(): Promise<void>;
  /** Takes no more work, finishes the chunk in hand, gives the rest back. */
  stop(): Promise<void>;
}

export interface WorkerOptions extends RoundDeps {
  db: Database;
  clock: Clock;
  log: Logger;
}

/** Named people and broadcasts have a lane each, so that a receipt never waits behind a newsletter. */
const laneSettings = [
  { lane: lanes.named, tasksAtOnce: 50, roundsAtOnce: 4 },
  { lane: lanes.broadcast, tasksAtOnce: 8, roundsAtOnce: 4 },
];

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { db, clock, log, worker } = options;
  const stopping = new AbortController();
  const inHand = new Set<number>();
  const round = createRound(options, (lane) => running.get(lane)?.wake());
  const running = new Map<number, Lane>(
    laneSettings.map(({ lane, tasksAtOnce, roundsAtOnce }) => [
      lane,
      createLane<Task>({
        clock,
        roundsAtOnce,
        lease: () => leaseTasks(db, { lane, worker, limit: tasksAtOnce, now: clock.now(), leaseMs: LEASE_MS }),
        nextDueAt: () => nextDueAt(db, lane),
        async run(tasks) {
          for (const { id } of tasks) inHand.add(id);
          try {
            await round(tasks, stopping.signal);
          } finally {
            for (const { id } of tasks) inHand.delete(id);
          }
        },
        onError: (error) => log.error({ err: error, lane }, 'a round of work failed; trying again'),
      }),
    ]),
  );
  const listener = await db.listen('tasks', (lane) => {
    for (const [number, one] of running) if (lane === '' || lane === String(number)) one.wake();
  });
  const cancelRenewal = renewing();
  for (const lane of running.values()) lane.wake();

  function renewing(): () => void {
    let cancel = clock.after(RENEW_EVERY_MS, async function renew() {
      try {
        if (inHand.size > 0) await renewLeases(db, worker, [...inHand], new Date(clock.now().getTime() + LEASE_MS));
      } catch (error) {
        log.error({ err: error }, 'leases could not be renewed');
      }
      if (!stopping.signal.aborted) cancel = clock.after(RENEW_EVERY_MS, renew);
    });
    return () => cancel();
  }

  return {
    wake: (lane) => running.get(lane)?.wake(),
    async idle() {
      for (const lane of running.values()) await lane.idle();
    },
    async stop() {
      stopping.abort();
      await listener.stop();
      await Promise.all([...running.values()].map((lane) => lane.stop()));
      cancelRenewal();
      await giveBackTasks(db, worker);
    },
  };
}

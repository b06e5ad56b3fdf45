import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { createLane, type LaneOptions } from './lane.ts';

/** A lane with tasks 1 to `tasks`, one in each round. Each round lasts until it is ended. */
function given(tasks: number, options: Pick<LaneOptions<number>, 'roundsAtOnce' | 'slow'>) {
  const clock = new TestClock();
  const ends = new Map<number, () => void>();
  const started: number[] = [];
  const lane = createLane<number>({
    clock,
    ...options,
    lease: async () => (started.length < tasks ? [started.length + 1] : []),
    nextDueAt: async () => null,
    run([task = 0]) {
      started.push(task);
      return new Promise((resolve) => ends.set(task, resolve));
    },
    onError: (error) => assert.fail(String(error)),
  });
  return { clock, lane, started, end: (task: number) => ends.get(task)?.() };
}

const turn = () => new Promise(setImmediate);
const slow = { afterMs: 1_000, mostRounds: 5 };

test('rounds that have become slow let others start', async () => {
  const { clock, lane, started } = given(20, { roundsAtOnce: 2, slow });
  lane.wake();
  await turn();
  assert.deepEqual(started, [1, 2]);
  clock.advance(999);
  await turn();
  assert.deepEqual(started, [1, 2]);
  clock.advance(1);
  await turn();
  assert.deepEqual(started, [1, 2, 3, 4]);
});

test('slow rounds have a limit, too', async () => {
  const { clock, lane, started, end } = given(20, { roundsAtOnce: 2, slow });
  lane.wake();
  for (let seconds = 0; seconds < 5; seconds += 1) {
    await turn();
    clock.advance(1_000);
  }
  await turn();
  assert.deepEqual(started, [1, 2, 3, 4, 5]);
  end(1);
  await turn();
  assert.deepEqual(started, [1, 2, 3, 4, 5, 6]);
});

test('without a limit for slow rounds they keep their places', async () => {
  const { clock, lane, started } = given(20, { roundsAtOnce: 2 });
  lane.wake();
  await turn();
  clock.advance(3_600_000);
  await turn();
  assert.deepEqual(started, [1, 2]);
});

test('a due task that somebody else is about to lease is looked for again after a moment, or at once after a wake', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = new TestClock();
  let looks = 0;
  const lane = createLane<number>({
    clock,
    roundsAtOnce: 1,
    async lease() {
      looks += 1;
      return [];
    },
    nextDueAt: async () => clock.now(),
    run: () => assert.fail('there is nothing to run'),
    onError: (error) => assert.fail(String(error)),
  });
  lane.wake();
  await turn();
  assert.equal(looks, 1);
  t.mock.timers.tick(5);
  await turn();
  assert.equal(looks, 2);
  lane.wake();
  await turn();
  assert.equal(looks, 3);
  await lane.stop();
  assert.equal(looks, 3);
});

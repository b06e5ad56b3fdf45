import assert from 'node:assert/strict';
import test from 'node:test';
import { createBatcher } from './batcher.ts';

function gated() {
  const runs: number[][] = [];
  const gates: (() => void)[] = [];
  const batcher = createBatcher<number, number>({
    run: async (items) => {
      runs.push(items);
      await new Promise<void>((open) => gates.push(open));
      if (items.includes(13)) throw new Error('unlucky');
      return items.map((item) => item * 2);
    },
    maxItems: 3,
    maxWaiting: 4,
    whenFull: () => new Error('full'),
  });
  const turn = () => new Promise<void>((next) => setImmediate(next));
  return { runs, batcher, turn, open: () => gates.shift()?.() };
}

test('items that arrive during a run go together in the next one, at most maxItems at once', async () => {
  const { runs, batcher, turn, open } = gated();
  const first = batcher(1);
  await turn();
  const rest = [2, 3, 4, 5].map((item) => batcher(item));
  open();
  assert.equal(await first, 2);
  await turn();
  open();
  await turn();
  open();
  assert.deepEqual(await Promise.all(rest), [4, 6, 8, 10]);
  assert.deepEqual(runs, [[1], [2, 3, 4], [5]]);
});

test('a failed run fails only its own items', async () => {
  const { batcher, turn, open } = gated();
  const bad = batcher(13);
  await turn();
  const good = batcher(2);
  open();
  await assert.rejects(bad, /unlucky/);
  await turn();
  open();
  assert.equal(await good, 4);
});

test('an item over maxWaiting is refused at once', async () => {
  const { batcher, turn, open } = gated();
  const running = batcher(1);
  await turn();
  const waiting = [2, 3, 4, 5].map((item) => batcher(item));
  await assert.rejects(batcher(6), /full/);
  for (const _ of [1, 2, 3]) {
    open();
    await turn();
  }
  await Promise.all([running, ...waiting]);
  await batcher.idle();
});

test('if one item may be at fault, each item of a failed run is run alone', async () => {
  const batcher = createBatcher<number, number>({
    run: async (items) => {
      if (items.includes(13)) throw new Error('unlucky');
      return items;
    },
    isOnesFault: () => true,
    maxItems: 10,
    maxWaiting: 10,
    whenFull: () => new Error('full'),
  });
  const results = await Promise.allSettled([1, 13, 2].map((item) => batcher(item)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

/** A batcher of texts whose runs are bounded by length. Returns the lengths of each run. */
function sized({ maxRunSize = 100, maxWaitingSize = 1_000 }) {
  const runs: number[][] = [];
  const batcher = createBatcher<string, null>({
    async run(items) {
      runs.push(items.map(({ length }) => length));
      return items.map(() => null);
    },
    maxItems: 10,
    sizeOf: ({ length }) => length,
    maxRunSize,
    maxWaiting: 100,
    maxWaitingSize,
    whenFull: () => new Error('full'),
  });
  return { batcher, runs };
}

test('a run is bounded by the size of its items; a larger item runs alone', async () => {
  const { batcher, runs } = sized({});
  await Promise.all([60, 30, 30, 500, 1].map((length) => batcher('x'.repeat(length))));
  assert.deepEqual(runs, [[60, 30], [30], [500], [1]]);
});

test('items over the size that may wait are refused, and accepted again once others have run', async () => {
  const { batcher, runs } = sized({ maxWaitingSize: 100 });
  const first = batcher('x'.repeat(90));
  await assert.rejects(batcher('x'.repeat(20)), /full/);
  const second = batcher('x'.repeat(10));
  await Promise.all([first, second]);
  await batcher('x'.repeat(400));
  assert.deepEqual(runs, [[90], [10], [400]]);
});

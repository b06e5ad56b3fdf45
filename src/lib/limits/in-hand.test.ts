import assert from 'node:assert/strict';
import test from 'node:test';
import { InHand, type Limit, OneInHand } from './in-hand.ts';

/** Takes these counts in order. Returns the indexes of those admitted so far. */
function takers(inHand: InHand, counts: number[], limit: Limit) {
  const admitted: number[] = [];
  for (const [index, count] of counts.entries()) inHand.take(count, limit).then(() => admitted.push(index));
  return async () => {
    await Promise.resolve();
    return admitted;
  };
}

test('no more is in hand than the limit; an end admits the next, in order', async () => {
  const inHand = new InHand();
  const admitted = takers(inHand, [600, 600, 300], { most: 1_000, mostAhead: 10_000 });
  assert.deepEqual(await admitted(), [0], 'the third would fit, but waits behind the second');
  inHand.end(199);
  assert.deepEqual(await admitted(), [0]);
  inHand.end(1);
  assert.deepEqual(await admitted(), [0, 1]);
  inHand.end(700);
  assert.deepEqual(await admitted(), [0, 1, 2]);
  assert.equal(inHand.count, 600);
});

test('no more is prepared than the limit', async () => {
  const inHand = new InHand();
  const admitted = takers(inHand, [250, 250, 250], { most: 2_000, mostAhead: 500 });
  assert.deepEqual(await admitted(), [0, 1]);
  inHand.start(249);
  assert.deepEqual(await admitted(), [0, 1]);
  inHand.start(1);
  assert.deepEqual(await admitted(), [0, 1, 2]);
});

test('a count over the limit is admitted when nothing else is in hand', async () => {
  const inHand = new InHand();
  const admitted = takers(inHand, [5_000, 1], { most: 100, mostAhead: 10 });
  assert.deepEqual(await admitted(), [0]);
  inHand.start(5_000);
  assert.deepEqual(await admitted(), [0]);
  inHand.end(5_000);
  assert.deepEqual(await admitted(), [0, 1]);
});

test('a message counts as started once', async () => {
  const inHand = new InHand();
  const admitted = takers(inHand, [2, 9], { most: 100, mostAhead: 10 });
  const [one, other] = [new OneInHand(inHand), new OneInHand(inHand)];
  one.started();
  one.started();
  assert.deepEqual(await admitted(), [0, 1]);
  other.started();
  const more = takers(inHand, [1, 1], { most: 100, mostAhead: 10 });
  assert.deepEqual(await more(), [0]);
});

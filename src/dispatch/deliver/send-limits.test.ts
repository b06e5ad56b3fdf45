import assert from 'node:assert/strict';
import test from 'node:test';
import { createSendLimits } from './send-limits.ts';

test('with any number of threads every chunk fits, and a second one of posts beside it', () => {
  for (let threads = 1; threads <= 16; threads += 1) {
    const { lanes, chunk } = createSendLimits(threads);
    const { pushes, posts, others } = lanes.broadcast;
    assert.ok(chunk.any >= 1 && chunk.posts >= 1);
    for (const { most } of [pushes, posts, others]) assert.ok(chunk.any <= most, `${threads} threads: ${chunk.any}`);
    assert.ok(2 * chunk.posts <= posts.most, `${threads} threads: ${chunk.posts}`);
  }
});

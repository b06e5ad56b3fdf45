import assert from 'node:assert/strict';
import test from 'node:test';
import { drawPlan } from './plan.ts';

const options = { seed: 7, kills: 20, delivery: 'at_least_once' } as const;

test('the same seed gives the same plan', () => {
  assert.deepEqual(drawPlan(options), drawPlan(options));
  assert.notDeepEqual(drawPlan(options), drawPlan({ ...options, seed: 8 }));
});

test('a plan of 20 kills has 20 of them, of every kind, in the order of progress', () => {
  const plan = drawPlan(options);
  const kills = plan.filter(({ kind }) => kind === 'kill' || kind === 'restart database');
  assert.equal(kills.length, 20);
  assert.equal(plan.length, 30);
  assert.deepEqual(
    plan.map(({ at }) => at),
    plan.map(({ at }) => at).toSorted((one, other) => one - other),
  );
  const victims = new Set(plan.flatMap((step) => (step.kind === 'kill' ? step.victims : [])));
  assert.deepEqual([...victims].sort(), ['api', 'worker 1', 'worker 2']);
  const stops = new Set(plan.flatMap((step) => (step.kind === 'restart database' ? [step.mode] : [])));
  assert.deepEqual([...stops].sort(), ['fast', 'immediate']);
  assert.ok(plan.every(({ at }) => at > 0 && at < 1));
});

test('only at_most_once meets a provider that accepts a message and does not answer', () => {
  const isLosing = (delivery: 'at_least_once' | 'at_most_once') =>
    drawPlan({ ...options, delivery }).some(
      (step) => step.kind === 'faulty providers' && step.faults.includes('lost:1%'),
    );
  assert.equal(isLosing('at_least_once'), false);
  assert.equal(isLosing('at_most_once'), true);
});

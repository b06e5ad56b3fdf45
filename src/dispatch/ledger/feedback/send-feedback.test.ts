import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  counterOf,
  deliveredAt,
  type Happening,
  metricChanges,
  milestones,
  noFeedback,
  type SendFeedback,
  withHappening,
} from './send-feedback.ts';

const happening: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constantFrom(...milestones),
  at: fc.integer({ min: 0, max: 5 }),
  code: fc.constantFrom(null, '1', '2'),
  said: fc.constantFrom(null, 'no', 'later'),
  isMachine: fc.boolean(),
});

const shuffled = fc
  .array(happening, { maxLength: 8 })
  .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));

/** The state after all that happened, and the sums of the numbers by metric and time. */
function follow(all: readonly Happening[], isCounted = false): { state: SendFeedback; sums: Record<string, number> } {
  let state = noFeedback;
  const sums: Record<string, number> = {};
  for (const one of all) {
    const next = withHappening(state, { ...one, isMachine: isOfMachine(one) });
    const metric = counterOf(one.kind, isOfMachine(one));
    const changes = metricChanges(state, next, isCounted);
    for (const { metric: name, at, by } of [...changes, ...(metric === null ? [] : [{ metric, at: one.at, by: 1 }])])
      sums[`${name} ${at}`] = (sums[`${name} ${at}`] ?? 0) + by;
    state = next;
  }
  return {
    state,
    sums: Object.fromEntries(
      Object.entries(sums)
        .filter(([, sum]) => sum !== 0)
        .sort(),
    ),
  };
}

/** Only an open or a click is one of a machine. */
function isOfMachine({ kind, isMachine }: Happening): boolean {
  return isMachine && (kind === 'opened' || kind === 'clicked');
}

test('the order in which providers tell does not matter: state and numbers are the same', () => {
  fc.assert(
    fc.property(shuffled, fc.boolean(), ([one, other], isCounted) => {
      assert.deepEqual(follow(one, isCounted), follow(other, isCounted));
    }),
    { numRuns: 1_000 },
  );
});

test('a number counts one send at most once, but for those of times', () => {
  fc.assert(
    fc.property(fc.array(happening), (all) => {
      const { sums } = follow(all);
      const times = new Set(['opens', 'machine_opens', 'clicks', 'machine_clicks', 'shows', 'dismissals']);
      const byMetric = Map.groupBy(Object.entries(sums), ([key]) => key.split(' ')[0] ?? '');
      for (const [metric, ones] of byMetric) {
        const sum = ones.reduce((total, [, by]) => total + by, 0);
        if (!times.has(metric)) assert.deepEqual([metric, sum], [metric, 1]);
      }
    }),
  );
});

const at = (kind: Happening['kind'], time: number): Happening => ({
  kind,
  at: time,
  code: null,
  said: null,
  isMachine: false,
});

test('what a person did proves that the message arrived, unless it bounced or failed', () => {
  assert.equal(deliveredAt(follow([at('read', 3), at('delivered', 5)]).state), 3);
  assert.equal(deliveredAt(follow([at('delivered', 2), at('bounced', 5)]).state), null);
  assert.equal(deliveredAt(follow([at('deferred', 2)]).state), null);
});

test('a failure that the status of the send says already is not counted again', () => {
  assert.deepEqual(follow([at('bounced', 1)], true).sums, {});
  assert.deepEqual(follow([at('bounced', 1)]).sums, { 'bounces 1': 1 });
});

// A small real ledger and its model in memory take the same steps in any order, and must stay equal.
import test from 'node:test';
import fc from 'fast-check';
import { replayable } from '../src/dispatch/plan/replay-filter.ts';
import type { SendStatus } from '../src/dispatch/plan/states.ts';
import { startTestApp } from './support/app.ts';
import type { Delivery } from './support/ledger-model.ts';
import { PEOPLE, type Step, Walk } from './support/ledger-walk.ts';

const worker = fc.integer({ min: 0, max: 1 });
const mask = fc.integer({ min: 1, max: 7 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('lease' as const), worker }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), worker }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), worker }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      worker,
      mask,
      status: fc.constantFrom<SendStatus>('sending', 'sending', 'sending', 'skipped', 'aborted', 'expired', 'pending'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      worker,
      mask,
      status: fc.constantFrom<SendStatus>('sent', 'sent', 'sent', 'failed', 'bounced', 'expired', 'unknown', 'pending'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume', 'resume', 'cancel', 'tick') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('replay' as const),
      statuses: fc.subarray([...replayable], { minLength: 1 }),
    }),
  },
);

test('after any steps in any order, the ledger equals its model, and nothing gets stuck', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await app.post('/users/track', { attributes: PEOPLE.map((external_id) => ({ external_id })) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Delivery>('at_least_once', 'at_most_once'),
      fc.array(anyStep, { minLength: 20, maxLength: 60, size: 'max' }),
      async (delivery, steps) => {
        const walk = await Walk.begin(app, delivery);
        for (const step of steps) {
          await walk.take(step);
          await walk.compare(JSON.stringify(step));
        }
        await walk.finish();
      },
    ),
    { numRuns: 120, interruptAfterTimeLimit: 20_000 },
  );
});

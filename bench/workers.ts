import { untilEnded, untilReached } from '../chaos/progress.ts';
import { conclude } from '../chaos/scenario.ts';
import { sendBroadcasts, withWorld } from '../chaos/world.ts';
import type { Figure } from './figure.ts';
import { numberOption } from './options.ts';

const BAR = 1.6;
/** The middle of a broadcast, where every window is open and none runs dry. */
const [FROM, TO] = [0.3, 0.9];

/**
 * Two worker processes against one, at a provider so slow that it is the limit and not the processor: a worker has at most
 * 2,000 pushes in hand, so that at 1,000 ms one can reach 2,000/s at most, however fast the machine is.
 */
export async function benchWorkers(): Promise<Figure[]> {
  const people = numberOption('people', 30_000);
  const latencyMs = numberOption('latency', 1_000);
  const one = await measure(people, latencyMs, ['worker 1']);
  const two = await measure(people, latencyMs, ['worker 1', 'worker 2']);
  const ratio = two.perSecond / one.perSecond;
  const problems = [...one.problems, ...two.problems];
  return [
    {
      what: `push by APNs and FCM, ${people.toLocaleString('en-US')} people, providers that answer after ${latencyMs} ms: two worker processes against one`,
      value: `${ratio.toFixed(2)} (${Math.round(two.perSecond)}/s, one ${Math.round(one.perSecond)}/s)`,
      bar: `${BAR}`,
      holds: ratio >= BAR,
    },
    {
      what: 'the same: problems in the books of both runs; anybody twice',
      value: `${problems.length === 0 ? 'none' : problems.join('; ')}; ${one.duplicates + two.duplicates}`,
      bar: 'none; 0',
      holds: problems.length === 0 && one.duplicates + two.duplicates === 0,
    },
  ];
}

async function measure(people: number, latencyMs: number, workers: readonly ('worker 1' | 'worker 2')[]) {
  const options = { seed: 1, people, channel: 'push', delivery: 'at_least_once', workers } as const;
  return withWorld(options, async (world) => {
    await world.simulator.setFaults({ latency: latencyMs });
    const dispatchIds = await sendBroadcasts(world);
    const from = { reached: await untilReached(world, people * FROM), at: performance.now() };
    const to = { reached: await untilReached(world, people * TO), at: performance.now() };
    await untilEnded(world);
    const damage = { workers: 0, cuts: 0 };
    const { problems, duplicates } = await conclude(world, { dispatchIds, damage, isCancelled: false }, [], []);
    return {
      perSecond: ((to.reached - from.reached) / (to.at - from.at)) * 1_000,
      problems,
      duplicates: duplicates.reduce((sum, { count }) => sum + count, 0),
    };
  });
}

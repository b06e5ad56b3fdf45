import { untilEnded, untilReached } from '../chaos/progress.ts';
import { conclude } from '../chaos/scenario.ts';
import { sendBroadcasts, type World, withWorld } from '../chaos/world.ts';
import type { Figure } from './figure.ts';
import { numbersOption } from './options.ts';

const BAR = 1.6;
/** The part of a broadcast that is measured: its middle, where all workers are at full speed. */
const [FROM, TO] = [0.3, 0.9];

interface Case {
  what: string;
  channel: 'email' | 'push';
  latencyMs: number;
  people: number;
  /** What limits the speed of one worker. */
  limit: string;
  /** null: one worker uses all processors of the machine. */
  bar: number | null;
}

const cases: readonly Case[] = [
  {
    what: 'email',
    channel: 'email',
    latencyMs: 20,
    people: 10_000,
    limit: 'a worker has 10 connections to a relay, so at most 500/s',
    bar: BAR,
  },
  {
    what: 'push by APNs and FCM',
    channel: 'push',
    latencyMs: 1_000,
    people: 30_000,
    limit: 'a worker has 2,000 pushes in hand, so at most 2,000/s',
    bar: BAR,
  },
  {
    what: 'push by APNs and FCM',
    channel: 'push',
    latencyMs: 20,
    people: 30_000,
    limit: 'a worker may make up to 100,000/s: the processors',
    bar: null,
  },
];

/** Measures two worker processes against one, where the provider is the limit, and where the processors are. */
export async function benchWorkers(): Promise<Figure[]> {
  const wanted = numbersOption('latency', [20, 1_000]);
  const figures: Figure[] = [];
  for (const one of cases.filter(({ latencyMs }) => wanted.includes(latencyMs))) figures.push(...(await compare(one)));
  return figures;
}

async function compare(given: Case): Promise<Figure[]> {
  const { what, latencyMs, people, limit, bar } = given;
  const one = await measure(given, ['worker 1']);
  const two = await measure(given, ['worker 1', 'worker 2']);
  const ratio = two.perSecond / one.perSecond;
  const problems = [...one.problems, ...two.problems];
  const duplicates = one.duplicates + two.duplicates;
  return [
    {
      what: `${what}, ${people.toLocaleString('en-US')} people, answers after ${latencyMs} ms: two worker processes against one (the limit of one: ${limit})`,
      value: `${ratio.toFixed(2)} (${Math.round(two.perSecond)}/s, one ${Math.round(one.perSecond)}/s)`,
      bar: bar?.toFixed(1) ?? '—',
      holds: bar === null || ratio >= bar,
    },
    {
      what: 'the same: problems in the books of both runs; anybody twice',
      value: `${problems.length === 0 ? 'none' : problems.join('; ')}; ${duplicates}`,
      bar: 'none; 0',
      holds: problems.length === 0 && duplicates === 0,
    },
  ];
}

async function measure({ channel, people, latencyMs }: Case, workers: readonly ('worker 1' | 'worker 2')[]) {
  return withWorld({ seed: 1, people, channel, delivery: 'at_least_once', workers }, async (world) => {
    await slowDown(world, latencyMs);
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

async function slowDown({ channel, simulator, mail }: World, latencyMs: number): Promise<void> {
  if (channel === 'email') await mail.delay(latencyMs);
  else await simulator.setFaults({ latency: latencyMs });
}

import type { Delivery } from './books.ts';
import { drawn, type Random, randomFrom, wholeNumber } from './random.ts';

export type ServerName = 'api' | 'worker 1' | 'worker 2';
/** `both`: push and email. */
export const channelChoices = ['push', 'email', 'both', 'sms', 'whats_app', 'all'] as const;
export type Channels = (typeof channelChoices)[number];
/** What is sent and counted together. */
export type Medium = 'push' | 'email' | 'sms' | 'whats_app';

export function mediaOf(channel: Channels): readonly Medium[] {
  if (channel === 'both') return ['push', 'email'];
  return channel === 'all' ? ['push', 'email', 'sms', 'whats_app'] : [channel];
}

/** One fault that the harness causes. */
export type Strike =
  | { kind: 'kill'; victims: readonly ServerName[]; downMs: number }
  | { kind: 'restart database'; mode: 'fast' | 'immediate'; downMs: number }
  | { kind: 'cut database connections' }
  | { kind: 'cut provider connections'; forMs: number }
  | { kind: 'slow providers'; latencyMs: number; forMs: number }
  | { kind: 'faulty providers'; faults: readonly string[]; forMs: number };

/** A strike. `at`: the share of all messages delivered when it comes, 0 to 1. */
export type Step = { at: number } & Strike;

export interface PlanOptions {
  seed: number;
  kills: number;
  delivery: Delivery;
}

/** Strikes come between these shares: not before messages are under way, and not when all are sent. */
const [FIRST, LAST] = [0.02, 0.95];

/**
 * Draws the steps of a run, in order. `kills` of them end processes; half as many again disturb connections and providers.
 * The same options give the same plan.
 */
export function drawPlan({ seed, kills, delivery }: PlanOptions): Step[] {
  const random = randomFrom(seed);
  const strikes = [
    ...Array.from({ length: kills }, (_, index) => drawKill(random, index)),
    ...Array.from({ length: Math.floor(kills / 2) }, (_, index) => drawDisturbance(random, index, delivery)),
  ];
  return strikes
    .map((strike): Step => ({ at: FIRST + random() * (LAST - FIRST), ...strike }))
    .sort((one, other) => one.at - other.at);
}

type KillKind = 'worker' | 'both' | 'api' | 'fast' | 'immediate';

/** Every plan of at least five kills has each kind once. The other kills are drawn at random. */
const onceEach: readonly KillKind[] = ['worker', 'both', 'api', 'immediate', 'fast'];

function drawKill(random: Random, index: number): Strike {
  const kind =
    onceEach[index] ??
    drawn<KillKind>(random, [
      ['worker', 12],
      ['both', 3],
      ['api', 2],
      ['fast', 1],
      ['immediate', 2],
    ]);
  const downMs = wholeNumber(random, 0, 800);
  if (kind === 'fast' || kind === 'immediate') return { kind: 'restart database', mode: kind, downMs };
  return { kind: 'kill', victims: victimsOf(kind, random), downMs };
}

function victimsOf(kind: 'worker' | 'both' | 'api', random: Random): readonly ServerName[] {
  if (kind === 'api') return ['api'];
  if (kind === 'both') return ['worker 1', 'worker 2'];
  return [random() < 0.5 ? 'worker 1' : 'worker 2'];
}

const disturbances = [
  'cut database connections',
  'cut provider connections',
  'slow providers',
  'faulty providers',
] as const;

function drawDisturbance(random: Random, index: number, delivery: Delivery): Strike {
  const kind = disturbances[index] ?? disturbances[wholeNumber(random, 0, disturbances.length - 1)] ?? disturbances[0];
  const forMs = wholeNumber(random, 200, 1_500);
  switch (kind) {
    case 'cut database connections':
      return { kind };
    case 'cut provider connections':
      return { kind, forMs };
    case 'slow providers':
      return { kind, forMs, latencyMs: wholeNumber(random, 50, 400) };
    case 'faulty providers':
      return { kind, forMs, faults: faultsFor(delivery) };
  }
}

/**
 * With `lost`, a message is accepted and never answered. With at_least_once it would be retried, so that duplicates would
 * appear that no kill explains.
 */
function faultsFor(delivery: Delivery): readonly string[] {
  const usual = ['503:5%', '429:1%:retry-after=1', 'reset:1%'];
  return delivery === 'at_most_once' ? [...usual, 'lost:1%'] : usual;
}

/** Describes a strike in one line. */
export function describeStrike(strike: Strike): string {
  switch (strike.kind) {
    case 'kill':
      return `kill -9 of ${strike.victims.join(' and ')}, restarted after ${strike.downMs} ms`;
    case 'restart database':
      return `PostgreSQL stopped (${strike.mode}), restarted after ${strike.downMs} ms`;
    case 'cut database connections':
      return 'every database connection terminated';
    case 'cut provider connections':
      return `connections to providers torn down for ${strike.forMs} ms`;
    case 'slow providers':
      return `providers answer after ${strike.latencyMs} ms, for ${strike.forMs} ms`;
    case 'faulty providers':
      return `providers answer ${strike.faults.join(', ')} for ${strike.forMs} ms`;
  }
}

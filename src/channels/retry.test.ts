import assert from 'node:assert/strict';
import test from 'node:test';
import { type ChannelKey, channelKeys } from './channel.ts';
import { channels } from './index.ts';
import { type Failed, nextWaitMs, type RetrySchedule } from './retry.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const schedule: RetrySchedule = {
  waitsMs: [10, 20],
  maxAttempts: 4,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: 1_000 },
  untilMs: 10_000,
};
const first: Failed = { attempts: 1, ageMs: 0, random: 0.5 };

const waits: [what: string, change: Partial<RetrySchedule>, failed: Partial<Failed>, expected: number | null][] = [
  ['the first wait', {}, {}, 10],
  ['the second wait', {}, { attempts: 2 }, 20],
  ['the last wait repeats', {}, { attempts: 3 }, 20],
  ['no attempt is left', {}, { attempts: 4 }, null],
  ['slight jitter, least', {}, { random: 0 }, 9],
  ['slight jitter, most', {}, { random: 1 }, 11],
  ['full jitter, least', { jitter: 'full' }, { random: 0 }, 0],
  ['full jitter, most', { jitter: 'full' }, { random: 1 }, 10],
  ['the provider’s wait lengthens a shorter one', {}, { askedMs: 500 }, 500],
  ['the provider’s wait does not shorten a longer one', {}, { askedMs: 1 }, 10],
  ['the provider’s wait lengthens at most to its bound', {}, { askedMs: 5_000 }, 1_000],
  ['the provider’s wait replaces ours', { askedWait: { use: 'instead', mostMs: 1_000 } }, { askedMs: 1 }, 1],
  [
    'the provider’s wait replaces ours at most with its bound',
    { askedWait: { use: 'instead', mostMs: 1_000 } },
    { askedMs: 5_000 },
    1_000,
  ],
  ['the provider’s wait may be zero', { askedWait: { use: 'instead', mostMs: 1_000 } }, { askedMs: 0 }, 0],
  ['just before the end plus a tenth', {}, { ageMs: 10_990 }, 10],
  ['after the end plus a tenth', {}, { ageMs: 10_991 }, null],
];
for (const [what, change, failed, expected] of waits) {
  test(`${what}: ${expected}`, () => {
    assert.equal(nextWaitMs({ ...schedule, ...change }, { ...first, ...failed }), expected);
  });
}

test('without a schedule there is no retry', () => assert.equal(nextWaitMs(undefined, first), null));

/** All waits of a message that always fails, in the middle of their jitter. */
function waitsOf(key: ChannelKey, reason: string, askedMs?: number): number[] {
  const waited: number[] = [];
  let ageMs = 0;
  for (let attempts = 1; attempts <= 100; attempts += 1) {
    const waitMs = nextWaitMs(channels[key].retry?.(reason), { attempts, ageMs, askedMs, random: 0.5 });
    if (waitMs === null) return waited;
    waited.push(waitMs);
    ageMs += waitMs;
  }
  throw new Error('it is tried again for ever');
}

const pushes = ['android_push', 'apple_push', 'kindle_push', 'web_push'] as const;
const answeredMails = [
  ...[5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR],
  ...Array.from({ length: 8 }, () => 8 * HOUR),
];
/** Source: messaging-objects.md §1.10 and §9.5. */
const policies: [key: ChannelKey, reason: string, expected: number[]][] = [
  ...pushes.map((key): [ChannelKey, string, number[]] => [key, '503', [5, 10, 20, 40, 80].map((s) => s * SECOND)]),
  ['email', '451', answeredMails],
  ['email', '421', [...[10, 20, 40, 80, 160].map((s) => s * SECOND), ...answeredMails]],
  ['webhook', '503', [MINUTE / 2, MINUTE, 3 * MINUTE, 8 * MINUTE, 17 * MINUTE]],
  ['webhook', '429', [MINUTE / 2, MINUTE, 3 * MINUTE, 8 * MINUTE, 17 * MINUTE]],
  ['webhook', '599 ECONNREFUSED', [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 13 * HOUR]],
  ['sms', '503', [10 * SECOND, MINUTE, 4 * MINUTE, 12 * MINUTE]],
  ['whats_app', '503', [10 * SECOND, MINUTE, 4 * MINUTE, 12 * MINUTE]],
  ['whats_app', '131056', [1, 4, 16, 64, 256].map((s) => s * SECOND)],
  ['whats_app', '130429', [5, 10, 30, 60, 60, 60, 60, 60, 60].map((s) => s * SECOND)],
  ['whats_app', '131048', [HOUR, HOUR, HOUR, HOUR, HOUR]],
  ['content_card', '503', []],
];
for (const [key, reason, expected] of policies) {
  test(`${key} after ${reason}: ${expected.length + 1} attempts`, () => {
    assert.deepEqual(waitsOf(key, reason), expected);
  });
}

test('every channel is in the table', () => {
  assert.deepEqual([...new Set(policies.map(([key]) => key))].sort(), [...channelKeys].sort());
});

for (const key of pushes) {
  test(`${key}: Retry-After replaces the wait, up to an hour`, () => {
    assert.deepEqual(
      waitsOf(key, '503', 3 * SECOND),
      Array.from({ length: 5 }, () => 3 * SECOND),
    );
    assert.deepEqual(
      waitsOf(key, '503', 2 * HOUR),
      Array.from({ length: 5 }, () => HOUR),
    );
  });
}

test('webhook: Retry-After may lengthen a wait, within half an hour', () => {
  assert.deepEqual(waitsOf('webhook', '503', 10 * MINUTE), [10 * MINUTE, 10 * MINUTE, 10 * MINUTE]);
  assert.deepEqual(waitsOf('webhook', '503', 40 * MINUTE), []);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Held, Outcome } from '../../channels/outcome.ts';
import type { RetrySchedule } from '../../channels/retry.ts';
import { type Attempted, verdictOf } from './outcomes.ts';
import type { Verdict } from './send.ts';

const now = new Date('2026-03-15T12:00:00Z');
const schedule: RetrySchedule = {
  waitsMs: [10_000],
  maxAttempts: 3,
  jitter: 'slight',
  askedWait: { use: 'lengthens', mostMs: 60_000 },
  untilMs: 600_000,
};
const attempted: Attempted = {
  channel: { retry: () => schedule },
  delivery: 'at_least_once',
  attempts: 1,
  acceptedAt: now,
  now,
  random: 0.5,
};
const inMs = (ms: number) => new Date(now.getTime() + ms);
const gaveUp: Verdict = { status: 'failed', reason: 'gave_up', providerCode: '503', releasesSlot: true };

/** Source: messaging-objects.md §1.9; eligibility.md §1, second table. */
const table: [what: string, outcome: Outcome | Held, change: Partial<Attempted>, expected: Verdict][] = [
  ['accepted', { kind: 'accepted', providerId: 'm-1' }, {}, { status: 'sent', providerMessageId: 'm-1' }],
  ['accepted without an id', { kind: 'accepted', providerId: null }, {}, { status: 'sent', providerMessageId: null }],
  ['a retry', { kind: 'retry', reason: '503' }, {}, { status: 'pending', providerCode: '503', dueAt: inMs(10_000) }],
  [
    'a later retry, as the provider asks',
    { kind: 'retry', reason: '503', afterMs: 30_000 },
    {},
    { status: 'pending', providerCode: '503', dueAt: inMs(30_000) },
  ],
  ['after the last attempt', { kind: 'retry', reason: '503' }, { attempts: 3 }, gaveUp],
  ['after the end of the schedule', { kind: 'retry', reason: '503' }, { acceptedAt: inMs(-700_000) }, gaveUp],
  ['by a channel that never retries', { kind: 'retry', reason: '503' }, { channel: {} }, gaveUp],
  [
    'unclear, where a repetition is better than a loss',
    { kind: 'retry', reason: 'timeout', isUnclear: true },
    {},
    { status: 'pending', providerCode: 'timeout', dueAt: inMs(10_000) },
  ],
  [
    'unclear, where a loss is better than a repetition',
    { kind: 'retry', reason: 'timeout', isUnclear: true },
    { delivery: 'at_most_once' },
    { status: 'unknown', reason: 'unknown', providerCode: 'timeout' },
  ],
  [
    'clearly not accepted, where a loss is better than a repetition',
    { kind: 'retry', reason: '503' },
    { delivery: 'at_most_once' },
    { status: 'pending', providerCode: '503', dueAt: inMs(10_000) },
  ],
  [
    'a dead address',
    { kind: 'bounced', reason: '550 5.1.1' },
    {},
    { status: 'bounced', reason: 'address_dead', providerCode: '550 5.1.1', releasesSlot: true },
  ],
  [
    'refused',
    { kind: 'failed', reason: '400' },
    {},
    { status: 'failed', reason: 'provider_refused', providerCode: '400', releasesSlot: true },
  ],
  [
    'our settings are wrong, however often it was tried and however long ago',
    { kind: 'config_error', reason: '535' },
    { attempts: 99, acceptedAt: inMs(-9_000_000) },
    {
      status: 'pending',
      providerCode: '535',
      detail: 'the provider does not accept our settings; tried again every five minutes',
      dueAt: inMs(300_000),
      extraAttempts: -1,
    },
  ],
  [
    'the provider is away: no attempt',
    { kind: 'held', untilMs: attempted.now.getTime() + 10_000, reason: 'ECONNREFUSED', detail: 'relay main: no' },
    {},
    {
      status: 'pending',
      providerCode: 'ECONNREFUSED',
      detail: 'relay main: no',
      dueAt: new Date(attempted.now.getTime() + 10_000),
      extraAttempts: -1,
    },
  ],
  [
    'the provider is paused: no attempt, and no time',
    { kind: 'held', untilMs: null, reason: 'no relay answers' },
    {},
    { status: 'pending', providerCode: 'no relay answers', detail: null, dueAt: null, extraAttempts: -1 },
  ],
  ...[
    [undefined, 60_000],
    [0, 1_000],
    [30_000, 30_000],
    [86_400_000, 3_600_000],
  ].map(([afterMs, restMs]): (typeof table)[number] => [
    `an account that slows down for ${afterMs} ms, whatever the attempts`,
    { kind: 'retry', reason: '20429', slows: 'account', ...(afterMs !== undefined && { afterMs }) },
    { attempts: 99, acceptedAt: inMs(-700_000) },
    { status: 'pending', providerCode: '20429', dueAt: inMs(restMs ?? 0), extraAttempts: -1 },
  ]),
  [
    'an account that slows down, by a channel that counts it',
    { kind: 'retry', reason: '503', slows: 'account' },
    { channel: { retry: () => schedule, countsSlowed: true }, attempts: 3 },
    gaveUp,
  ],
  ['expired', { kind: 'expired' }, {}, { status: 'expired', reason: 'expired', releasesSlot: true }],
  [
    'unknown',
    { kind: 'unknown', reason: 'timeout' },
    {},
    { status: 'unknown', reason: 'unknown', providerCode: 'timeout' },
  ],
];
for (const [what, outcome, change, expected] of table) {
  test(`${what}: ${expected.status}`, () => {
    assert.deepEqual(verdictOf(outcome, { ...attempted, ...change }), expected);
  });
}

test('the reason chooses the schedule', () => {
  const asked: string[] = [];
  const retry = (reason: string) => {
    asked.push(reason);
    return schedule;
  };
  verdictOf({ kind: 'retry', reason: '599 ECONNREFUSED' }, { ...attempted, channel: { retry } });
  assert.deepEqual(asked, ['599 ECONNREFUSED']);
});

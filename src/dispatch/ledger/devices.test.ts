import assert from 'node:assert/strict';
import test from 'node:test';
import { channels } from '../../channels/index.ts';
import type { PushOutcome } from '../../channels/push/sender.ts';
import { deviceAfter, type Held, type Tried, verdictOfDevices } from './devices.ts';
import type { DeviceState, Verdict } from './send.ts';

const acceptedAt = new Date('2026-03-15T12:00:00Z');
const nowMs = acceptedAt.getTime() + 60_000;
const HOUR = 3_600_000;
const tried: Tried = {
  id: 'd-1',
  app: 'a-1',
  channel: channels.apple_push,
  delivery: 'at_least_once',
  attempts: 1,
  acceptedAt,
  nowMs,
  expiresAtMs: nowMs + 24 * HOUR,
  random: 0.5,
};

type After = Omit<DeviceState, 'id' | 'app'>;
const waits = (ms: number, code: string, attempts: number): After => ({
  state: 'waiting',
  attempts,
  code,
  due: nowMs + ms,
});

/**
 * Source: messaging-objects.md §1.9 and §1.10, first row. `attempts` counts calls that say something about this device.
 */
const answers: [what: string, outcome: PushOutcome | Held, change: Partial<Tried>, expected: After][] = [
  ['accepted', { kind: 'accepted', providerId: 'm-1' }, {}, { state: 'sent', attempts: 2, code: 'm-1' }],
  ...(['remove', 'suspect', 'keep'] as const).map((token): (typeof answers)[number] => [
    `a dead token to ${token}`,
    { kind: 'bounced', reason: 'Unregistered', token },
    {},
    { state: 'bounced', attempts: 2, code: 'Unregistered' },
  ]),
  ['refused', { kind: 'failed', reason: '413' }, {}, { state: 'refused', attempts: 2, code: '413' }],
  ['unknown', { kind: 'unknown', reason: 'timeout' }, {}, { state: 'unknown', attempts: 2, code: 'timeout' }],
  ['expired before the call', { kind: 'expired' }, {}, { state: 'expired', attempts: 1, code: null }],
  ['after the first attempt', { kind: 'retry', reason: '503' }, { attempts: 0 }, waits(5_000, '503', 1)],
  ['after the second', { kind: 'retry', reason: '503' }, {}, waits(10_000, '503', 2)],
  ['after the fifth', { kind: 'retry', reason: '503' }, { attempts: 4 }, waits(80_000, '503', 5)],
  [
    'after the sixth',
    { kind: 'retry', reason: '503' },
    { attempts: 5 },
    { state: 'gave_up', attempts: 6, code: '503' },
  ],
  ['as the provider asks', { kind: 'retry', reason: '429', afterMs: 1_500 }, {}, waits(1_500, '429', 2)],
  ['an hour at most', { kind: 'retry', reason: '429', afterMs: 5 * HOUR }, {}, waits(HOUR, '429', 2)],
  ['a part of a millisecond later', { kind: 'retry', reason: '503' }, { random: 0.00001 }, waits(1, '503', 2)],
  [
    'beyond its expiry',
    { kind: 'retry', reason: '503' },
    { expiresAtMs: nowMs + 10_000 },
    { state: 'expired', attempts: 2, code: '503' },
  ],
  [
    'just before its expiry',
    { kind: 'retry', reason: '503' },
    { expiresAtMs: nowMs + 10_001 },
    waits(10_000, '503', 2),
  ],
  [
    'unclear, where a loss is better than a repetition',
    { kind: 'retry', reason: 'timeout', isUnclear: true },
    { delivery: 'at_most_once' },
    { state: 'unknown', attempts: 2, code: 'timeout' },
  ],
  ['unclear, else', { kind: 'retry', reason: 'timeout', isUnclear: true }, {}, waits(10_000, 'timeout', 2)],
  [
    'our settings are wrong: no attempt of this device',
    { kind: 'config_error', reason: 'InvalidProviderToken' },
    { attempts: 5 },
    { ...waits(300_000, 'InvalidProviderToken', 5), held: true },
  ],
  [
    'its app may not be called: no attempt of this device',
    { kind: 'held', untilMs: nowMs + 7_000, reason: 'slow' },
    { attempts: 5 },
    { ...waits(7_000, 'slow', 5), held: true },
  ],
  [
    'held beyond its expiry: due at its expiry, to be written off',
    { kind: 'held', untilMs: nowMs + 7_000, reason: 'slow' },
    { expiresAtMs: nowMs + 2_000 },
    { ...waits(2_000, 'slow', 1), held: true },
  ],
];
for (const [what, outcome, change, expected] of answers) {
  test(`${what}: ${expected.state}`, () => {
    assert.deepEqual(deviceAfter(outcome, { ...tried, ...change }), { id: 'd-1', app: 'a-1', ...expected });
  });
}

test('without a schedule a device is given up at once', () => {
  const after = deviceAfter({ kind: 'retry', reason: '503' }, { ...tried, channel: {} });
  assert.equal(after.state, 'gave_up');
});

function device(state: DeviceState['state'], more: Partial<DeviceState> = {}): DeviceState {
  return { id: `d-${state}`, app: 'a-1', state, attempts: 1, code: `code of ${state}`, ...more };
}

const finals: [DeviceState['state'], Verdict][] = [
  ['sent', { status: 'sent', providerMessageId: 'code of sent' }],
  ['unknown', { status: 'unknown', reason: 'unknown', providerCode: 'code of unknown' }],
  ['refused', { status: 'failed', reason: 'provider_refused', releasesSlot: true, providerCode: 'code of refused' }],
  ['gave_up', { status: 'failed', reason: 'gave_up', releasesSlot: true, providerCode: 'code of gave_up' }],
  ['expired', { status: 'expired', reason: 'expired', releasesSlot: true, providerCode: 'code of expired' }],
  ['bounced', { status: 'bounced', reason: 'address_dead', releasesSlot: true, providerCode: 'code of bounced' }],
];
for (const [at, [state, verdict]] of finals.entries()) {
  test(`a send whose only device is ${state} is ${verdict.status}, and does not store the device`, () => {
    assert.deepEqual(verdictOfDevices([device(state)]), verdict);
  });

  for (const [worse] of finals.slice(at + 1)) {
    test(`${state} counts more than ${worse}, whichever comes first, and both devices are kept`, () => {
      for (const devices of [
        [device(state), device(worse)],
        [device(worse), device(state)],
      ])
        assert.deepEqual(verdictOfDevices(devices), { ...verdict, devices });
    });
  }

  test(`while another device waits, a send with one that is ${state} is pending until the earliest`, () => {
    const devices = [
      device(state),
      device('waiting', { due: nowMs + 9_000, code: 'first word' }),
      device('waiting', { due: nowMs + 4_000, code: 'second word' }),
    ];
    const dueAt = new Date(nowMs + 4_000);
    assert.deepEqual(verdictOfDevices(devices), { status: 'pending', providerCode: 'first word', dueAt, devices });
  });
}

test('a send without devices is a bug', () => {
  assert.throws(() => verdictOfDevices([]), /a send without devices has no verdict/);
});

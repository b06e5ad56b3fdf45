import assert from 'node:assert/strict';
import test from 'node:test';
import { HostHealth } from './host-health.ts';

/** The rule of Connected Content. */
const SHARED = { mostShare: 0.9, probes: 5 };

const START_MS = 1_800_000_000_000;

/** Notes so many answers within a minute, spread evenly. */
function note(health: HostHealth, answers: readonly [status: number, count: number][], atMs = START_MS): void {
  const total = answers.reduce((sum, [, count]) => sum + count, 0);
  let done = 0;
  for (const [status, count] of answers)
    for (let index = 0; index < count; index += 1) {
      health.note('a.test', status, atMs + Math.floor((done * 50_000) / total));
      done += 1;
    }
}

test('a host with more than 3,000 failures and nine of ten within a minute rests for a minute, then proves itself', () => {
  const after = START_MS + 50_000;
  const table: [answers: [number, number][], mayCall: boolean][] = [
    [[[503, 3_000]], true],
    [[[503, 3_001]], false],
    [
      [
        [200, 400],
        [429, 3_500],
      ],
      true,
    ],
    [
      [
        [200, 300],
        [408, 3_500],
      ],
      false,
    ],
    [[[500, 5_000]], true],
    [[[599, 3_001]], false],
  ];
  for (const [answers, mayCall] of table) {
    const health = new HostHealth(SHARED);
    note(health, answers);
    assert.equal(health.mayCall('a.test', after), mayCall, JSON.stringify(answers));
    assert.equal(health.mayCall('b.test', after), true);
  }
  const health = new HostHealth(SHARED);
  note(health, [[503, 3_001]]);
  const restedMs = START_MS + 50_000 + 60_000;
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => health.mayCall('a.test', restedMs)),
    [true, true, true, true, true, false],
  );
  for (let probe = 0; probe < 5; probe += 1) health.note('a.test', 503, restedMs);
  assert.equal(health.mayCall('a.test', restedMs + 1), false, 'no probe was answered, so it rests again');
  assert.equal(health.mayCall('a.test', restedMs + 60_001), true);
  health.note('a.test', 200, restedMs + 60_001);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map(() => health.mayCall('a.test', restedMs + 60_002)),
    Array(7).fill(true),
  );
});

test('without a share and probes, failures alone decide, and after the rest the host is called as before', () => {
  const health = new HostHealth({ mostShare: 0, probes: 0 });
  note(health, [
    [200, 9_000],
    [503, 3_000],
  ]);
  const after = START_MS + 50_000;
  assert.equal(health.mayCall('a.test', after), true);
  health.note('a.test', 599, after);
  assert.equal(health.mayCall('a.test', after), false);
  health.note('a.test', 503, after + 1); // it was under way
  assert.equal(health.mayCall('a.test', after + 59_999), false);
  assert.deepEqual(
    Array.from({ length: 9 }, () => health.mayCall('a.test', after + 60_000)),
    Array(9).fill(true),
  );
  note(health, [[429, 3_001]], after + 60_001);
  assert.equal(health.mayCall('a.test', after + 120_000), false, 'it rests again');
});

test('failures of an earlier minute do not count', () => {
  const health = new HostHealth(SHARED);
  note(health, [[503, 2_000]]);
  note(health, [[503, 2_000]], START_MS + 120_000);
  assert.equal(health.mayCall('a.test', START_MS + 180_000), true);
});

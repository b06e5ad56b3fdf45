import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import type { Reservation, Wanted } from './call-quotas.ts';
import { Pace, type PaceOptions } from './pace.ts';

/** Starts a pace whose reservations the test answers. */
function start(perMinute: number, reserve: (wanted: Wanted) => Reservation, traffic: PaceOptions['traffic'] = 'named') {
  const clock = new TestClock();
  const asked: number[] = [];
  const troubles: unknown[] = [];
  const pace = new Pace({
    ...{ quota: { key: 'k', perMinute }, traffic, clock },
    async reserve(wanted) {
      asked.push(wanted.calls);
      return reserve(wanted);
    },
    onReady: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  return { pace, clock, asked, troubles };
}

const granted = ({ calls, nowMs }: Wanted) => ({ beginsMs: nowMs - 900, calls });
const reserved = () => new Promise(setImmediate);

test('far below the quota, calls are not reserved one by one, and after the first ones none waits', async () => {
  const { pace, clock, asked } = start(600_000, granted);
  assert.equal(pace.take(1), false);
  await reserved();
  for (let calls = 0; calls < 120; calls += 1) {
    assert.equal(pace.take(1), true, `call ${calls}`);
    clock.advance(25);
    await reserved();
  }
  assert.ok(asked.length <= 6, `${asked.length} reservations in three seconds`);
});

test('calls wanted at one moment are reserved together, and at most those of a quarter of a second', async () => {
  const { pace, asked } = start(6_000, granted);
  for (let waiting = 1; waiting <= 7; waiting += 1) pace.take(waiting);
  await reserved();
  assert.deepEqual(asked, [7]);
  for (let waiting = 7; waiting > 0; waiting -= 1) assert.equal(pace.take(waiting + 100), true);
  await reserved();
  assert.deepEqual(asked, [7, 25]);
});

test('while the quota cannot be counted, no calls are made; this is reported once, and ends by itself', async () => {
  let isAway = true;
  const { pace, clock, asked, troubles } = start(600, (wanted) => {
    if (isAway) throw new Error('away');
    return granted(wanted);
  });
  for (let tries = 0; tries < 3; tries += 1) {
    assert.equal(pace.take(1), false);
    await reserved();
    assert.equal(pace.take(1), false, 'no new reservation is tried at once');
    clock.advance(1_000);
  }
  assert.deepEqual([asked.length, troubles.map(String)], [3, ['Error: away']]);
  isAway = false;
  pace.take(1);
  await reserved();
  assert.equal(pace.take(1), true);
  assert.deepEqual(troubles.slice(1), [null]);
});

test('a closed pace reserves nothing', async () => {
  const { pace, clock, asked } = start(60, ({ nowMs }) => ({ beginsMs: nowMs + 5_000, calls: 0 }), 'broadcast');
  pace.take(1);
  await reserved();
  pace.close();
  clock.advance(60_000);
  await reserved();
  assert.equal(asked.length, 1);
});

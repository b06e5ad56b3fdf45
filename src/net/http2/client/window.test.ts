import assert from 'node:assert/strict';
import test from 'node:test';
import { Window } from './window.ts';

/** Size of a window that may grow a hundred times, every 20 ms, while the peer answers within `roundTripMs`. */
function grown({ roundTripMs, busy }: { roundTripMs: number; busy: number }): number {
  const window = new Window({ most: 1_600, utilization: () => busy });
  for (let now = 0; now < 2_000; now += 20) {
    window.note(roundTripMs, now);
    window.grows(now);
  }
  return window.size;
}

test('a distant peer gets more requests at once while the process has time to spare', () => {
  assert.equal(grown({ roundTripMs: 20, busy: 0.5 }), 1_600);
});

test('the window does not grow when the process is at its limit or the peer is near', () => {
  assert.equal(grown({ roundTripMs: 20, busy: 0.99 }), 100);
  assert.equal(grown({ roundTripMs: 1, busy: 0.5 }), 100);
});

test('the window notices within a second that a near peer has become distant', () => {
  const window = new Window({ most: 1_600, utilization: () => 0.5 });
  window.note(1, 0);
  assert.equal(window.grows(20), false);
  window.note(40, 900);
  assert.equal(window.grows(920), false);
  window.note(40, 1_100);
  assert.equal(window.grows(1_120), true);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { Window } from './window.ts';

/** Asks it for growth a hundred times, 20 ms apart, while a peer answers in so many ms. */
function grown({ roundTripMs, atWork }: { roundTripMs: number; atWork: number }): number {
  const window = new Window({ most: 1_600, utilization: () => atWork });
  for (let now = 0; now < 2_000; now += 20) {
    window.note(roundTripMs, now);
    window.grows(now);
  }
  return window.size;
}

test('a peer far away gets more requests at once while the process has time to spare', () => {
  assert.equal(grown({ roundTripMs: 20, atWork: 0.5 }), 1_600);
});

test('no more when the process is at its limit, or the peer is near', () => {
  assert.equal(grown({ roundTripMs: 20, atWork: 0.99 }), 100);
  assert.equal(grown({ roundTripMs: 1, atWork: 0.5 }), 100);
});

test('a peer that was near and is far now is noticed after a second', () => {
  const window = new Window({ most: 1_600, utilization: () => 0.5 });
  window.note(1, 0);
  assert.equal(window.grows(20), false);
  window.note(40, 900);
  assert.equal(window.grows(920), false);
  window.note(40, 1_100);
  assert.equal(window.grows(1_120), true);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { MOST_ROUNDS, MOST_SLOTS, ProviderShares } from './provider-shares.ts';

const never = new AbortController().signal;
const LONG_MS = 60_000;

test('whoever waits for room goes on once half of the share is free, not with the first slot', async () => {
  const shares = new ProviderShares();
  const round = {};
  const leave = Array.from({ length: MOST_SLOTS }, () => shares.begin('a', round, 1));
  assert.equal(shares.isFull('a', round), true);
  let hasRoom = false;
  const room = shares.untilRoom(new Set(['a']), round, { mostMs: LONG_MS, signal: never }).then(() => {
    hasRoom = true;
  });
  for (const one of leave.splice(0, MOST_SLOTS / 2 - 1)) one();
  await new Promise(setImmediate);
  assert.equal(hasRoom, false);
  leave.pop()?.();
  await room;
  assert.equal(shares.isFull('a', round), false);
});

test('room of any of the providers is enough, and a round that has nothing in hand waits for a round', async () => {
  const shares = new ProviderShares();
  const leave = Array.from({ length: MOST_ROUNDS }, () => shares.begin('hung', {}, 1));
  const newcomer = {};
  assert.equal(shares.isFull('hung', newcomer), true);
  await shares.untilRoom(new Set(['hung', 'free']), newcomer, { mostMs: LONG_MS, signal: never });
  const room = shares.untilRoom(new Set(['hung']), newcomer, { mostMs: LONG_MS, signal: never });
  leave[0]?.();
  await room;
  assert.equal(shares.isFull('hung', newcomer), false);
});

test('a wait ends with its time, and with the stop of the worker', async () => {
  const shares = new ProviderShares();
  shares.begin('hung', {}, MOST_SLOTS);
  const stop = new AbortController();
  await shares.untilRoom(new Set(['hung']), {}, { mostMs: 1, signal: never });
  const room = shares.untilRoom(new Set(['hung']), {}, { mostMs: LONG_MS, signal: stop.signal });
  stop.abort();
  await room;
  assert.equal(shares.isFull('hung', {}), true);
});

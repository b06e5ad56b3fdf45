import assert from 'node:assert/strict';
import test from 'node:test';
import { CallClaims, claimsMemory } from './call-claims.ts';

const START_MS = 1_800_000_000_000;

test('the first thread that wants a call makes it until its time is over, and then whoever wants it next', () => {
  const memory = claimsMemory();
  const [one, two] = [new CallClaims(memory, 1), new CallClaims(memory, 2)];
  assert.equal(two.ownerOf('a', 300, START_MS), 2);
  assert.equal(one.ownerOf('a', 300, START_MS + 299_000), 2);
  assert.equal(one.ownerOf('b', 300, START_MS), 1, 'another call is claimed apart');
  assert.equal(one.ownerOf('a', 300, START_MS + 300_000), 1);
  assert.equal(two.ownerOf('a', 300, START_MS + 301_000), 1);
});

test('a claim is prolonged by its owner, and not shortened', () => {
  const memory = claimsMemory();
  const [one, two] = [new CallClaims(memory, 1), new CallClaims(memory, 31)];
  one.ownerOf('a', 14_400, START_MS);
  one.ownerOf('a', 300, START_MS + 1_000);
  assert.equal(two.ownerOf('a', 300, START_MS + 14_399_000), 1);
  one.ownerOf('a', 300, START_MS + 14_399_000);
  assert.equal(two.ownerOf('a', 300, START_MS + 14_600_000), 1);
  assert.equal(two.ownerOf('a', 300, START_MS + 14_700_000), 31);
});

test('seconds that begin again with 0 end no claim early and let none live on', () => {
  const memory = claimsMemory();
  const [one, two] = [new CallClaims(memory, 1), new CallClaims(memory, 2)];
  const turnMs = 2 ** 27 * 14 * 1_000; // the counter is 0 then
  assert.equal(one.ownerOf('a', 300, turnMs - 100_000), 1);
  assert.equal(two.ownerOf('a', 300, turnMs + 199_000), 1);
  assert.equal(two.ownerOf('a', 300, turnMs + 201_000), 2);
});

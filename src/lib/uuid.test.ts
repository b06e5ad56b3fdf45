import assert from 'node:assert/strict';
import test from 'node:test';
import { dashed, dashedV7, undashed, v7 } from './uuid.ts';

const now = new Date('2026-11-30T12:00:00.123Z');
const TIME = '01a22c53827b';

test('an id begins with its time and says its version and variant', () => {
  assert.match(v7(now), new RegExp(`^${TIME}7[0-9a-f]{3}[89ab][0-9a-f]{15}$`));
  assert.notEqual(v7(now), v7(now));
  assert.match(v7(new Date(1)), /^0000000000017[0-9a-f]{3}[89ab]/);
});

test('one with dashes is the same with dashes', () => {
  const id = dashedV7(now);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(undashed(id).slice(0, 12), TIME);
  assert.equal(dashed(undashed(id)), id);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { BytesInHand } from './bytes-in-hand.ts';

test('what does not fit is refused until others give their room back, each once', () => {
  const bytes = new BytesInHand(10);
  const first = bytes.take(6);
  assert.equal(bytes.take(5), null);
  assert.notEqual(bytes.take(4), null);
  first?.();
  first?.();
  assert.equal(bytes.take(7), null);
  assert.notEqual(bytes.take(6), null);
});

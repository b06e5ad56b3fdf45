import assert from 'node:assert/strict';
import test from 'node:test';
import { nearest } from './did-you-mean.ts';

const cases: [string, string[], string | null][] = [
  ['segmnets', ['segments', 'campaigns'], 'segments'],
  ['Segments', ['segments'], 'segments'],
  ['ab', ['ba'], 'ba'],
  ['naem', ['name', 'game'], 'name'],
  ['key', ['keys', 'kay'], 'keys'],
  ['', ['a'], 'a'],
  ['smtp', ['filter'], null],
  ['x', [], null],
  ['x'.repeat(101), ['x'.repeat(100)], null],
];
for (const [word, candidates, expected] of cases) {
  test(`"${word.slice(0, 20)}" among ${candidates.join(', ').slice(0, 20)}`, () => {
    assert.equal(nearest(word, candidates), expected);
  });
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { remember } from './remember.ts';

test('an answer is not worked out again until other texts have filled the cache', () => {
  const worked: string[] = [];
  const shout = remember(450, (text) => {
    worked.push(text);
    return text === '' ? null : text.toUpperCase();
  });
  assert.deepEqual(['one', '', 'one', '', 'three', 'one', ''].map(shout), [
    'ONE',
    null,
    'ONE',
    null,
    'THREE',
    'ONE',
    null,
  ]);
  assert.deepEqual(worked, ['one', '', 'three', 'one', '']);
});

test('a long answer takes the place of several short ones', () => {
  const worked: string[] = [];
  const repeat = remember(1_900, (text) => {
    worked.push(text);
    return text.repeat(400);
  });
  for (const text of ['a', 'b', 'b', 'a', 'b']) repeat(text);
  assert.deepEqual(worked, ['a', 'b', 'a', 'b']);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { endAll } from './end-all.ts';

test('every part is ended, in order, and then the errors are thrown', async () => {
  const ended: string[] = [];
  const end = (name: string) => async () => void ended.push(name);
  const fail = (message: string) => () => Promise.reject(new Error(message));
  await endAll(end('a'), end('b'));
  await assert.rejects(endAll(end('c'), fail('one'), end('d')), /^Error: one$/);
  await assert.rejects(endAll(fail('one'), end('e'), fail('two'), end('f')), (error: AggregateError) => {
    assert.deepEqual(error.errors.map(String), ['Error: one', 'Error: two']);
    return true;
  });
  assert.deepEqual(ended, ['a', 'b', 'c', 'd', 'e', 'f']);
});

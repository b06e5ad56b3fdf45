import assert from 'node:assert/strict';
import test from 'node:test';
import { changesOf, everything, Memory, nothing } from './changes.ts';

test('who was away is told what changed since, once for each thing, and everything if nobody remembers', () => {
  const memory = new Memory();
  const start = memory.id;
  assert.deepEqual(memory.since(start), nothing);
  memory.note(changesOf(['outbox'], ['aa']));
  const first = memory.id;
  memory.note(changesOf(['dispatches'], ['bb']));
  memory.note(changesOf(['dispatches'], ['bb']));
  assert.deepEqual(memory.since(first), { topics: ['dispatches'], dispatches: ['bb'] });
  assert.deepEqual(memory.since(start), { topics: ['outbox', 'dispatches'], dispatches: ['aa', 'bb'] });
  assert.deepEqual(memory.since(memory.id), nothing);
  for (const strange of [null, '', 'x', new Memory().id, `${memory.id}9`, `${start}\0`])
    assert.deepEqual(memory.since(strange), everything, String(strange));
});

test('a change that is forgotten, or that names too many dispatches, is one of any dispatch', () => {
  const memory = new Memory();
  const start = memory.id;
  memory.note(changesOf([], ['first']));
  const afterFirst = memory.id;
  for (let index = 0; index < 10_000; index += 1) memory.note(changesOf([], [`dispatch ${index}`]));
  assert.deepEqual(memory.since(start), { topics: [], dispatches: null });
  assert.equal(memory.since(afterFirst).dispatches, null, 'too many to name');
  const before = memory.id;
  const many = Array.from({ length: 101 }, (_, index) => `many ${index}`);
  memory.note(changesOf(['dispatches'], many));
  assert.deepEqual(memory.since(before), { topics: ['dispatches'], dispatches: null });
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { groupsOf } from './test-groups.ts';

test('every test file is in one group, those that need it alone, and those of all characters together', () => {
  const plain = Array.from({ length: 30 }, (_, index) => `src/lib/plain-${index}.test.ts`);
  const unicode = ['src/lib/letters.test.ts', 'test/letters.test.ts'];
  const files = [...plain, ...unicode, 'test/docs.test.ts', 'test/server.test.ts'];
  const groups = groupsOf(files, (file) => (unicode.includes(file) ? "fc.string({ unit: 'binary' })" : ''));
  assert.deepEqual(groups.flat().sort(), [...files].sort());
  assert.deepEqual(groups.slice(0, 3), [['test/docs.test.ts'], ['test/server.test.ts'], unicode]);
  assert.deepEqual(
    groups.slice(3).map((group) => group.length),
    [10, 10, 10],
  );
  assert.deepEqual(groups[3]?.slice(0, 2), ['src/lib/plain-0.test.ts', 'src/lib/plain-3.test.ts'], 'dealt like cards');
});

test('files that pack the package share a process, in which one waits for the other', () => {
  const packing = ['test/deploy-images.test.ts', 'test/package.test.ts'];
  assert.deepEqual(
    groupsOf([...packing, 'test/docs.test.ts'], () => ''),
    [packing, ['test/docs.test.ts']],
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { commentsOf } from './comments.ts';

test('line comments in a row are one comment, a block is one, and code between ends both', () => {
  const source = [
    '// first',
    '// second',
    'const a = 1; // behind code',
    '/** one line */',
    'const b = 2;',
    '/**',
    ' * two',
    ' * lines',
    ' */',
    'const c = 3;',
  ].join('\n');
  assert.deepEqual(commentsOf(source), [
    { line: 1, text: 'first\nsecond' },
    { line: 3, text: 'behind code' },
    { line: 4, text: 'one line' },
    { line: 6, text: '\ntwo\nlines\n' },
  ]);
});

test('an address in code is no comment', () => {
  assert.deepEqual(commentsOf("const url = 'https://example.test/a';"), []);
});

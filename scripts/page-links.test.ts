import assert from 'node:assert/strict';
import test from 'node:test';
import type { Known } from './citations.ts';
import { anchorsOf, problemsOfPage } from './page-links.ts';

const files = new Set(['docs/push.md', 'docs/spec', 'src/push', 'README.md']);
const known: Known = {
  sections: new Map([['eligibility.md', new Set(['1', '4.2'])]]),
  decisions: new Set([11]),
  exists: (path) => files.has(path),
};
const texts = new Map([['docs/push.md', '# Push\n\n## Paused apps\n']]);

/** What is wrong with these lines, as a page of the imagined repository. */
function problemsOf(...lines: string[]): string[] {
  const problems = problemsOfPage(lines.join('\n'), 'docs/page.md', known, (path) => texts.get(path) ?? null);
  return problems.map(({ line, text }) => `${line}: ${text}`);
}

test('what resolves passes', () => {
  const good = [
    '[push](push.md), [apps](push.md#paused-apps), [spec](spec/), [home](../README.md), [web](https://example.test/gone.md)',
    'Decision 11 and `src/push` and `npm test -- src/push`, `eligibility.md` §4.2, [eligibility.md](push.md) §1',
    '`curl example.test/docs/gone`',
  ];
  for (const line of good) assert.deepEqual(problemsOf(line), [], line);
  assert.deepEqual(problemsOf('# Here', '[there](#here)'), []);
});

test('a link to a page that is not there is refused, with its line', () => {
  assert.deepEqual(problemsOf('# Page', '', 'See [gone](gone.md).'), [
    '3: gone.md: leads to docs/gone.md, which is not there',
  ]);
});

test('a link to a heading that is not there is refused', () => {
  assert.deepEqual(problemsOf('[x](push.md#gone)', '[y](#gone)'), [
    '1: push.md#gone: docs/push.md has no heading for #gone',
    '2: #gone: docs/page.md has no heading for #gone',
  ]);
});

test('a path of this repository that is not there is refused', () => {
  assert.deepEqual(problemsOf('Look at `src/gone/`.'), ['1: src/gone/: there is no such file']);
});

test('a decision and a section that are not there are refused', () => {
  assert.deepEqual(problemsOf('See decision 99, and `eligibility.md` §1 and §9.'), [
    '1: decision 99: docs/decisions has no such page',
    '1: docs/spec/eligibility.md has no section 9',
  ]);
});

test('blocks of code are left alone', () => {
  assert.deepEqual(problemsOf('```', '[x](gone.md) `src/gone`', '```'), []);
});

test('anchors are those of GitHub', () => {
  assert.deepEqual([...anchorsOf('# GET /push/apps\n## What, and when?\n')], ['get-pushapps', 'what-and-when']);
});

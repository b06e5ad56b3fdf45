// Every fenced block of README.md and of the pages in docs/ is run on a fresh server. CONTRIBUTING.md says how a page marks
// what it means. docs/spec and docs/decisions describe and argue; their blocks are no examples of this server.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { dialectFilters } from '../src/templating/filters/index.ts';
import { dialectTags } from '../src/templating/tags.ts';
import { startTestApp } from './support/app.ts';
import { examplesOf } from './support/docs/examples.ts';
import { runPage } from './support/docs/run-page.ts';

const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md')]
  .filter((path) => !/^docs\/(spec|decisions)\//.test(path))
  .sort();

const total = { run: 0, notRun: 0 };
for (const path of pages) {
  const text = readFileSync(path, 'utf8');
  if (examplesOf(text).length === 0) continue;
  test(`the examples of ${path} do what it says`, async (t) => {
    const { run, notRun, problems } = await runPage(t, await startTestApp(t), text);
    t.diagnostic(`${path}: ${run} blocks run, ${notRun.length} not run`);
    for (const { line, reason } of notRun) t.diagnostic(`  ${path}:${line} not run: ${reason}`);
    total.run += run;
    total.notRun += notRun.length;
    assert.deepEqual(
      problems.map((problem) => `${path}:${problem.line}: ${problem.text}`),
      [],
    );
  });
}

test('docs/templates.md shows every filter and names every tag', () => {
  const page = readFileSync('docs/templates.md', 'utf8');
  for (const filter of dialectFilters.keys()) assert.match(page, new RegExp(`\\| ${filter}\\b|\`${filter}\``), filter);
  for (const tag of dialectTags.keys()) assert.ok(page.includes(`\`${tag}\``), tag);
});

test('the blocks of all pages', (t) => {
  t.diagnostic(`${total.run} blocks of all pages were run, ${total.notRun} were not`);
  assert.ok(total.run > 0);
});

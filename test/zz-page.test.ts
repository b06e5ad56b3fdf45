import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { runPage } from './support/docs/run-page.ts';

for (const path of ['docs/users-import-from.md', 'docs/users-import.md']) {
  test(path, async (t) => {
    const { problems, run } = await runPage(t, readFileSync(path, 'utf8'));
    t.diagnostic(String(run));
    assert.deepEqual(problems, []);
  });
}

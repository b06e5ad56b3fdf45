import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { commandLineOnDatabase, temporaryFolder } from '../../../test/support/command-line.ts';

const ID = '44444444-4444-4444-8444-444444444441';

test('a segment is saved, listed, changed and removed by commands', async (t) => {
  const folder = temporaryFolder(t);
  const [filter, file] = [join(folder, 'filter.yaml'), join(folder, 'workspace.yaml')];
  writeFileSync(filter, 'AND: [{ email_available: true }]');
  const { run } = await commandLineOnDatabase(t, { CRESSET_WORKSPACE: file });
  writeFileSync(file, 'frequency_caps: []');
  const save = ['segments', 'save', 'With mail', '--filter', filter, '--id', ID];
  const looked = await run(...save, '--dry-run');
  assert.match(looked.out, new RegExp(`^\\+ segment "With mail" ${ID}\\n1 to create.*\\nThis was a dry run`));
  assert.equal((await run(...save)).code, 0);
  const [saved] = JSON.parse((await run('segments', 'list', '--json')).out);
  assert.deepEqual([saved.id, saved.name], [ID, 'With mail']);
  assert.match(saved.saved_by, /^cresset segments save/);
  writeFileSync(filter, 'null');
  assert.match((await run(...save)).out, /^~ segment "With mail" .*: filter removed/);
  writeFileSync(filter, '"no filter');
  const wrong = await run(...save);
  assert.deepEqual([wrong.code, /is not usable/.test(wrong.errors)], [2, true], wrong.errors);

  writeFileSync(file, `segments: [{ id: ${ID}, name: With mail, filter: null }]`);
  const owned = await run('segments', 'delete', ID);
  assert.deepEqual(
    [owned.code, /workspace\.yaml defines it \(segments\[0\], line 1\)/.test(owned.errors)],
    [1, true],
    owned.errors,
  );
  const taken = await run('apply', file);
  assert.match(taken.out, /= segment "With mail" .* \(unchanged; taken over from cresset segments save/);
  writeFileSync(file, 'frequency_caps: []');
  assert.equal((await run('segments', 'delete', ID)).code, 1, 'it comes from a file');
  writeFileSync(filter, 'email_available: true');
  assert.equal((await run(...save)).code, 0);
  const removed = await run('segments', 'delete', ID);
  assert.deepEqual([removed.code, removed.out], [0, `The segment ${ID} is removed.`], removed.errors);
  assert.deepEqual(JSON.parse((await run('segments', 'list', '--json')).out), []);
  assert.equal((await run('segments', 'delete', ID)).code, 1);
});

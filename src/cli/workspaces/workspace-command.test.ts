import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { commandLineOnDatabase, temporaryFolder } from '../../../test/support/command-line.ts';
import { listApplied } from '../../workspace/applied-files.ts';

const source = `
email: { smtp: { url: "smtp://u:\${env:RELAY_PASSWORD}@relay.test" } }
campaigns: [{ id: c, name: Receipts, kind: api }]
`;

test('what is applied is written as a file whose apply changes nothing, and who applied what is recorded', async (t) => {
  const folder = temporaryFolder(t);
  const [given, exported] = [join(folder, 'workspace.yaml'), join(folder, 'exported.yaml')];
  writeFileSync(given, source);
  const variables = { RELAY_PASSWORD: 'the-password', SMTP_RELAY_TEST_PASSWORD: 'the-password' };
  const { db, workspaceId, run } = await commandLineOnDatabase(t, variables);
  await run('apply', given);
  const printed = await run('workspace', 'export');
  assert.match(printed.out, /url: smtp:\/\/u:\$\{env:SMTP_RELAY_TEST_PASSWORD\}@relay\.test/);
  const written = await run('workspace', 'export', '--output', exported);
  assert.deepEqual([written.code, written.out], [0, `${exported} is written. It needs 1 variables, which it names.`]);
  assert.equal(readFileSync(exported, 'utf8').trimEnd(), printed.out);
  const again = await run('workspace', 'export', '--output', exported);
  assert.deepEqual([again.code, again.errors.includes('cannot be written (EEXIST)')], [2, true]);
  const { plan } = JSON.parse((await run('apply', exported, '--json')).out);
  assert.deepEqual(
    plan.filter((one: { kind: string }) => one.kind !== 'unchanged'),
    [],
  );
  await run('apply', exported);
  const files = await listApplied(db, workspaceId, 10);
  assert.deepEqual(
    files.map(({ file, changes }) => [file, changes.map(({ what, kind }) => `${kind} ${what}`)]),
    [
      ['exported.yaml', []],
      ['workspace.yaml', ['change email', 'create campaign']],
    ],
  );
  const [newest] = files;
  assert.match(newest?.by ?? '', /^cresset apply/);
  assert.ok((newest?.againAt.getTime() ?? 0) > (newest?.at.getTime() ?? 0), 'the same file again is the same record');
});

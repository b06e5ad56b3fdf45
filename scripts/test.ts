// `npm test` runs every test; `npm test -- src/people` runs the test files whose path contains the text, and
// `npm test -- test/ --without=crash,chromium` leaves out those whose path contains one of these texts.
import { spawn } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { quickestFolder } from '../src/db/embedded/throw-away.ts';
import { keptBundle } from './bundle.ts';
import { groupsOf, writeGroups } from './test-groups.ts';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const WITHOUT = '--without=';
/**
 * What the databases of a run take at most, in bytes: mostly the log of the one that is copied. Each test copies a database:
 * in memory, where there is room, that takes a fifth of the time.
 */
const ROOM_NEEDED = 8 * 2 ** 30;
const given = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const flags = given.filter((flag) => !flag.startsWith(WITHOUT));
const without = given
  .filter((flag) => flag.startsWith(WITHOUT))
  .flatMap((flag) => flag.slice(WITHOUT.length).split(','));
const files = globSync(['{src,test,bench,chaos,scripts}/**/*.test.ts'])
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !without.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`No test file's path contains ${wanted.join(' or ')}.`);
  process.exit(1);
}
// Twice as many as there are processors: half of the time a process waits for its database or for a process that it started.
const runner = [
  '--test',
  `--test-concurrency=${availableParallelism() * 2}`,
  '--test-global-setup=test/support/global-setup.ts',
  ...flags,
];
const folder = mkdtempSync(join(quickestFolder(ROOM_NEEDED), 'cresset-tests-'));
chmodSync(folder, 0o755); // the account of a database must reach its folder
const env = {
  ...process.env,
  TMPDIR: folder,
  CRESSET_TEST_WITHOUT_CONSOLE: '1',
  CRESSET_TEST_PROGRAM: await keptBundle(resolve('tmp/bundles')),
};
const child = spawn(process.execPath, [...runner, ...writeGroups(groupsOf(files.sort()), folder)], {
  stdio: 'inherit',
  env,
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});

// `npm test` runs every test; `npm test -- src/people` runs the test files whose path contains the text, and
// `npm test -- test/ --without=crash,chromium` leaves out those whose path contains one of these texts.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const WITHOUT = '--without=';
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
const runner = ['--test', '--test-concurrency=2', '--test-global-setup=test/support/global-setup.ts', ...flags];
const child = spawn(process.execPath, [...runner, ...files.sort()], { stdio: 'inherit' });
child.once('exit', (code) => process.exit(code ?? 1));

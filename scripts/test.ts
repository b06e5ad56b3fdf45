// `npm test` runs every test; `npm test -- src/people` runs the test files whose path contains the text.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const files = globSync(['{src,test,bench,chaos,scripts}/**/*.test.ts']).filter(
  (file) => wanted.length === 0 || wanted.some((part) => file.includes(part)),
);
if (files.length === 0) {
  console.error(`No test file's path contains ${wanted.join(' or ')}.`);
  process.exit(1);
}
const runner = ['--test', '--test-concurrency=2', '--test-global-setup=test/support/global-setup.ts', ...flags];
const child = spawn(process.execPath, [...runner, ...files.sort()], { stdio: 'inherit' });
child.once('exit', (code) => process.exit(code ?? 1));

// Fails if a file of src/dispatch names a channel. See scripts/channel-names.ts for the reason and the exceptions.
import { globSync, readFileSync } from 'node:fs';
import { channelNamesIn } from './channel-names.ts';

const files = globSync('src/dispatch/**/*.ts', { exclude: (path) => path.endsWith('.test.ts') });
const problems = files.flatMap((path) => channelNamesIn(path, readFileSync(path, 'utf8')));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

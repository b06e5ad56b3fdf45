// `npm run check`: types, lint and format, directions of imports, writers of tables, and freshness of generated files.
import { spawnSync } from 'node:child_process';

const steps: [string, string[]][] = [
  ['types', ['node_modules/.bin/tsc']],
  ['types of scripts for web pages', ['node_modules/.bin/tsc', '-p', 'src/sdk/tsconfig.json']],
  ['types of scripts for service workers', ['node_modules/.bin/tsc', '-p', 'src/sdk/tsconfig.worker.json']],
  ['types of the console', ['node_modules/.bin/tsc', '-p', 'src/console/tsconfig.json']],
  ['citations resolve', [process.execPath, 'scripts/check-citations.ts']],
  ['generated docs are fresh', [process.execPath, 'scripts/pages/main.ts', '--check']],
  ['schema.sql is fresh', [process.execPath, 'scripts/schema.ts', '--check']],
  ['directions and circles of imports', [process.execPath, 'scripts/check-directions.ts']],
  ['dispatch names no channel', [process.execPath, 'scripts/check-channel-names.ts']],
  ['one writer for each table', [process.execPath, 'scripts/check-writers.ts']],
  ['migrations that older servers survive', [process.execPath, 'scripts/check-migrations.ts']],
  ['lint and format', ['node_modules/.bin/biome', 'check', '--error-on-warnings', '.']],
];

let failed = false;
for (const [name, [command = '', ...args]] of steps) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const ok = status === 0;
  failed ||= !ok;
  console.log(`${ok ? '✔' : '✘'} ${name}`);
  if (!ok) console.log(stdout + stderr);
}
process.exit(failed ? 1 : 0);

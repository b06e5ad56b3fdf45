// Checks the migrations: those that databases may have run stay as they are, and later ones are survived by older servers.
// `--write` (by `npm run pages`) puts new ones into the list, and changes nothing that is there.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { hashOf, problemsOf, type RunMigrations } from './migrations.ts';

const list = new URL('./run-migrations.json', import.meta.url);
const files = globSync('migrations/*.sql').sort();
const texts = Object.fromEntries(files.map((path) => [basename(path), readFileSync(path, 'utf8')]));
const run = JSON.parse(readFileSync(list, 'utf8')) as RunMigrations;

if (process.argv.includes('--write')) {
  const added = Object.entries(texts).map(([file, text]) => [file, run[file] ?? hashOf(text)] as const);
  const all = { ...run, ...Object.fromEntries(added) };
  const sorted = Object.fromEntries(Object.entries(all).sort(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(list, `${JSON.stringify(sorted, null, 2)}\n`);
} else {
  const problems = problemsOf(texts, run);
  for (const problem of problems) console.error(`migrations/${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}

// Fails on every citation in comments and pages that leads nowhere. The one form for a page of the specification is
// `eligibility.md §4.2`; see docs/spec/README.md.
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Known, type Problem, problemsOfSource, sectionsOf } from './citations.ts';
import { problemsOfPage } from './page-links.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = (pattern: string) => globSync(pattern, { cwd: root });

/** `docs/decisions/0011` stands for the page whose name begins so. */
function exists(path: string): boolean {
  const at = join(root, path);
  if (existsSync(at)) return true;
  if (!/^\d{4}$/.test(basename(path)) || !existsSync(dirname(at))) return false;
  return readdirSync(dirname(at)).some((name) => name.startsWith(basename(path)));
}

const known: Known = {
  sections: new Map(
    pages('docs/spec/*.md')
      .filter((path) => !['README.md', 'changes.md'].includes(basename(path)))
      .map((path) => [basename(path), sectionsOf(read(path))]),
  ),
  decisions: new Set(pages('docs/decisions/*.md').map((path) => Number.parseInt(basename(path), 10))),
  exists,
};

const problems: [string, Problem][] = [];
for (const file of pages('{src,test,bench,chaos,rig,simulate,scripts}/**/*.{ts,mjs,js}'))
  for (const problem of problemsOfSource(read(file), file, known)) problems.push([file, problem]);
for (const file of [...pages('*.md'), ...pages('docs/**/*.md')])
  for (const problem of problemsOfPage(read(file), file, known, (path) => (exists(path) ? read(path) : null)))
    problems.push([file, problem]);

for (const [file, { line, text }] of problems) console.log(`${file}:${line}: ${text}`);
process.exitCode = problems.length > 0 ? 1 : 0;

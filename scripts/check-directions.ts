// Checks that imports between the folders of src/ point in the allowed directions, and that none, not even of a type, is part
// of a circle.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { findCircle, findProblems, type SourceFile } from './directions.ts';

const files = globSync('src/**/*.ts').map((path): SourceFile => {
  const text = readFileSync(path, 'utf8');
  const named = [...text.matchAll(/^(?:import|export)\b[^;]*?from '(\.[^']+)';|\bimport\('(\.[^']+)'\)/gm)];
  const imports = named.map(([, from, lazily]) => normalize(join(dirname(path), from ?? lazily ?? '')));
  return { path, imports: imports.filter((one) => one.startsWith('src/')) };
});
const circle = findCircle(files);
const problems = [...findProblems(files), ...(circle === null ? [] : [`circle: ${circle.join(' → ')}`])];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

// Fails if the SQL in src/ writes a table outside the folder that owns it. See scripts/writers.ts.
import { globSync, readFileSync } from 'node:fs';
import { findProblems, owners } from './writers.ts';

const files = globSync('src/**/*.ts').map((path) => ({ path, source: readFileSync(path, 'utf8') }));
const problems = findProblems({ schema: readFileSync('schema.sql', 'utf8'), owners, files: files.sort() });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

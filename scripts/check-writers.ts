// One writer per table: the SQL of src/ against the owners of the tables of schema.sql.
import { globSync, readFileSync } from 'node:fs';
import { findProblems, owners } from './writers.ts';

const files = globSync('src/**/*.ts').map((path) => ({ path, source: readFileSync(path, 'utf8') }));
const problems = findProblems({ schema: readFileSync('schema.sql', 'utf8'), owners, files: files.sort() });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

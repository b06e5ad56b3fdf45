// Checks where the arrows between the rooms of src/ point, and that no import goes in a circle, types included.
import { globSync, readFileSync } from 'node:fs';
import { findCircle, findProblems, readSource } from './directions.ts';

const files = globSync('src/**/*.ts').map((path) => readSource(path, readFileSync(path, 'utf8')));
const circle = findCircle(files);
const problems = [...findProblems(files), ...(circle === null ? [] : [`circle: ${circle.join(' → ')}`])];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

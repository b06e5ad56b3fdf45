import { parseDocument } from 'yaml';
import { memberPath } from '../../lib/shape.ts';
import { consistencyProblems } from './file-rules.ts';
import { type WorkspaceFile, workspaceShape } from './file-shape.ts';
import { resolveReferences, type Surroundings } from './references.ts';

/** What is wrong with a segment's filter (never null): one text per problem, each starting with the path. */
export type CheckFilter = (filter: unknown, path: string) => readonly string[];

/** Every problem of one workspace file at once; shows no values. */
export class WorkspaceFileError extends Error {
  readonly problems: readonly string[];

  constructor(path: string, problems: readonly string[]) {
    super(`${path} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'WorkspaceFileError';
    this.problems = problems;
  }
}

const DEEPEST_FILTER = 64;

/** The text of a workspace file (YAML), references put in. Throws WorkspaceFileError. */
export function readWorkspaceFile(source: string, at: Surroundings, checkFilter: CheckFilter): WorkspaceFile {
  const problems: string[] = [];
  const missing: string[] = [];
  const value = resolveReferences(parseYaml(source, at.path), at, missing);
  const file = workspaceShape(value ?? {}, '', problems);
  if (file !== undefined) {
    problems.push(...consistencyProblems(file));
    problems.push(...file.segments.flatMap(({ filter }, index) => filterProblems(filter, index, checkFilter)));
  }
  // What a reference that leads nowhere stands for need not be complained about again.
  const paths = missing.map((problem) => problem.slice(0, problem.indexOf(': ') + 2));
  const others = problems.filter((problem) => !paths.some((path) => problem.startsWith(path)));
  if (file === undefined || missing.length + others.length > 0) {
    throw new WorkspaceFileError(at.path, [...missing, ...others]);
  }
  return file;
}

function parseYaml(source: string, path: string): unknown {
  try {
    const document = parseDocument(source, { prettyErrors: false });
    const problems = [...document.errors, ...document.warnings].map(
      ({ message, pos }) => `line ${source.slice(0, pos[0]).split('\n').length}: ${message}`,
    );
    if (problems.length > 0) throw new WorkspaceFileError(path, problems);
    return document.toJS({ maxAliasCount: 1_000 });
  } catch (error) {
    if (error instanceof WorkspaceFileError) throw error;
    // Nesting that exhausts the stack, or aliases that multiply.
    throw new WorkspaceFileError(path, ['the YAML is nested too deeply or its aliases are too many']);
  }
}

function filterProblems(filter: unknown, index: number, checkFilter: CheckFilter): readonly string[] {
  if (filter === null) return [];
  const path = `segments[${index}].filter`;
  const problems = unstorable(filter, path, 0);
  return problems.length > 0 ? problems : checkFilter(filter, path);
}

/** PostgreSQL's jsonb holds no NUL and no half of a surrogate pair. */
function unstorable(value: unknown, path: string, depth: number): string[] {
  if (depth > DEEPEST_FILTER) return [`${path.slice(0, 200)}: is nested too deeply`];
  if (typeof value === 'string') return isStorable(value) ? [] : [`${path}: holds characters that are no text`];
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path}: expected a finite number`];
  if (typeof value === 'bigint') return [`${path}: expected a smaller number`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const memberAt = Array.isArray(value) ? `${path}[${name}]` : memberPath(path, name);
    return isStorable(name)
      ? unstorable(member, memberAt, depth + 1)
      : [`${memberAt}: holds characters that are no text`];
  });
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

import { type Document, isMap, isNode, isScalar, parseDocument } from 'yaml';
import { bounded } from '../../lib/raw/bounded-texts.ts';
import { quotedMemberPath } from '../../lib/raw/json.ts';
import { Problems, type Sink } from '../../lib/raw/problems.ts';
import { refuse } from '../../lib/raw/shape.ts';
import { isStorable } from '../../lib/raw/storable.ts';
import { consistencyProblems } from './file-rules.ts';
import { type WorkspaceFile, workspaceShape } from './file-shape.ts';
import { resolveReferences, type Surroundings } from './references.ts';

/** Files the problems of a segment's filter, which is not null. */
export type CheckFilter = (filter: unknown, path: string, problems: Sink) => void;

/** All problems of one workspace file. It shows no values. */
export class WorkspaceFileError extends Error {
  readonly problems: readonly string[];

  constructor(path: string, problems: readonly string[]) {
    super(`${path} is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'WorkspaceFileError';
    this.problems = problems;
  }
}

const DEEPEST_FILTER = 64;
const NO_TEXT = 'holds characters that are no text';

/** Reads the YAML text of a workspace file and resolves its references. Throws WorkspaceFileError. */
export function readWorkspaceFile(source: string, at: Surroundings, checkFilter: CheckFilter): WorkspaceFile {
  return checked(parseYaml(source, at.path).toJS(), at.path, at, checkFilter);
}

/**
 * Reads definitions in the form of a workspace file that come from nobody's disk: they may not refer to variables and files of
 * the server, so `${env:…}` is a text. `from`: where they come from, for errors. Throws WorkspaceFileError.
 */
export function readWorkspaceValue(given: unknown, from: string, checkFilter: CheckFilter): WorkspaceFile {
  return checked(given, from, null, checkFilter);
}

function checked(given: unknown, from: string, at: Surroundings | null, checkFilter: CheckFilter): WorkspaceFile {
  const [ofMembers, ofFilters] = [new Problems(), new Problems()];
  const missing = new Set<string>();
  const value = resolveReferences(given, at, notingPaths(ofMembers, missing));
  // A value whose reference cannot be resolved is reported only once.
  const file = workspaceShape(value ?? {}, '', except(missing, ofMembers));
  const between = file === undefined ? [] : consistencyProblems(file);
  for (const [index, { filter }] of (file?.segments ?? []).entries()) {
    checkSegmentFilter(filter, index, except(missing, ofFilters), checkFilter);
  }
  for (const [index, { messages }] of (file?.campaigns ?? []).entries()) {
    if (messages !== null) isStorableValue(messages, `campaigns[${index}].messages`, except(missing, ofFilters));
  }
  const told = between.filter((problem) => ![...missing].some((path) => problem.startsWith(`${path}: `)));
  const problems = bounded([...ofMembers.texts, ...told, ...ofFilters.texts]);
  if (file === undefined || problems.length > 0) throw new WorkspaceFileError(from, problems);
  return file;
}

function notingPaths(problems: Sink, paths: Set<string>): Sink {
  return {
    add(stage, path, reason) {
      paths.add(path);
      problems.add(stage, path, reason);
    },
  };
}

function except(paths: ReadonlySet<string>, problems: Sink): Sink {
  return {
    add(stage, path, reason) {
      if (!paths.has(path)) problems.add(stage, path, reason);
    },
  };
}

/** A text of YAML, and what stands in it. */
export interface ReadYaml {
  toJS(): unknown;
  /** The line of a value, from 1. null: there is none. `path`: names and places, such as `apps`, 0. */
  lineOf(path: readonly (string | number)[]): number | null;
}

/** Throws WorkspaceFileError. */
export function parseYaml(source: string, path: string): ReadYaml {
  try {
    const document = parseDocument(source, { prettyErrors: false });
    const problems = [...document.errors, ...document.warnings].map(
      ({ message, pos }) => `line ${source.slice(0, pos[0]).split('\n').length}: ${message}`,
    );
    if (problems.length > 0) throw new WorkspaceFileError(path, problems);
    const value: unknown = document.toJS({ maxAliasCount: 1_000 });
    if (isCircular(value)) throw new WorkspaceFileError(path, ['an alias stands within what it means']);
    const lineAt = lineReader(source);
    return { toJS: () => value, lineOf: (at) => lineIn(document, lineAt, at) };
  } catch (error) {
    if (error instanceof WorkspaceFileError) throw error;
    // The nesting exhausts the stack, or the aliases multiply.
    throw new WorkspaceFileError(path, ['the YAML is nested too deeply or its aliases are too many']);
  }
}

/** Whether an alias makes a value a part of itself. `around`: what holds the value. `known`: what is not circular. */
function isCircular(value: unknown, around = new Set<object>(), known = new Set<object>()): boolean {
  if (typeof value !== 'object' || value === null || known.has(value)) return false;
  if (around.has(value)) return true;
  around.add(value);
  const found = Object.values(value).some((one) => isCircular(one, around, known));
  around.delete(value);
  known.add(value);
  return found;
}

/** A member stands where its name does. */
function lineIn(
  document: Document,
  lineAt: (offset: number) => number,
  path: readonly (string | number)[],
): number | null {
  const around = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const name = path.at(-1);
  const pair = isMap(around) ? around.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
  const node = pair?.key ?? document.getIn(path, true);
  return isNode(node) && node.range ? lineAt(node.range[0]) : null;
}

/** Tells the line, from 1, in which a character of a text is. What it needs for that is made once, at the first question. */
function lineReader(text: string): (offset: number) => number {
  let starts: number[] | null = null;
  return (offset) => {
    starts ??= [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function checkSegmentFilter(filter: unknown, index: number, problems: Sink, checkFilter: CheckFilter): void {
  if (filter === null) return;
  const path = `segments[${index}].filter`;
  if (isStorableValue(filter, path, problems)) checkFilter(filter, path, problems);
}

/** Whether PostgreSQL's jsonb can store the value. Files a problem where it cannot. */
function isStorableValue(value: unknown, path: string, problems: Sink, depth = 0): boolean {
  const problem = depth > DEEPEST_FILTER ? 'is nested too deeply' : scalarProblem(value);
  if (problem !== null) {
    refuse(problems, depth > DEEPEST_FILTER ? path.slice(0, 200) : path, problem);
    return false;
  }
  if (typeof value !== 'object' || value === null) return true;
  const members = Object.entries(value).map(([name, member]) => {
    const at = Array.isArray(value) ? `${path}[${name}]` : quotedMemberPath(path, name);
    if (isStorable(name)) return isStorableValue(member, at, problems, depth + 1);
    refuse(problems, at, NO_TEXT);
    return false;
  });
  return members.every((isGood) => isGood);
}

function scalarProblem(value: unknown): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : NO_TEXT;
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'expected a finite number';
  return typeof value === 'bigint' ? 'expected a smaller number' : null;
}

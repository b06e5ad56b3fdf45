import { RequestError } from '../../errors.ts';
import type { Sink } from '../../lib/raw/problems.ts';
import type { Definitions, Segment } from '../../workspace/catalog.ts';
import { filterOf } from '../context.ts';
import { readAudience } from './parse.ts';
import { referenceProblems } from './references.ts';

/** The checks of audiences that reading a workspace file needs. */
export const audienceChecks = { checkFilter, checkReferences };

/** Adds the problems of a segment's filter to `problems`. */
function checkFilter(filter: unknown, path: string, problems: Sink): void {
  readAudience(filter, path, problems, { isSegment: true });
}

/** The problems of the references in a segment's filter. `path` is the path of the filter in the workspace file. */
function checkReferences(segment: Segment, definitions: Definitions, path: string): readonly string[] {
  return problemsOf(() => referenceProblems(filterOf(segment), definitions)).map((problem) =>
    problem.replace(/^segment/, () => path),
  );
}

function problemsOf(check: () => readonly string[]): readonly string[] {
  try {
    return check();
  } catch (error) {
    if (error instanceof RequestError) return error.errors;
    throw error;
  }
}

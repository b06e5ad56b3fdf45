import { RequestError } from '../../errors.ts';
import type { Sink } from '../../lib/problems.ts';
import type { Definitions, Segment } from '../../workspace/catalog.ts';
import { filterOf } from '../context.ts';
import { readAudience } from './parse.ts';
import { referenceProblems } from './references.ts';

/** What a workspace file needs to know of audiences. */
export const audienceChecks = { checkFilter, checkReferences };

/** Files what is wrong with a segment's filter. */
function checkFilter(filter: unknown, path: string, problems: Sink): void {
  readAudience(filter, path, problems, { isSegment: true });
}

/** What a segment's filter refers to and the workspace does not have. `path`: where the filter stands. */
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

import { RequestError } from '../../errors.ts';
import type { Definitions, Segment } from '../../workspace/catalog.ts';
import { filterOf } from '../context.ts';
import { parseAudience } from './parse.ts';
import { referenceProblems } from './references.ts';

/** What a workspace file needs to know of audiences. */
export const audienceChecks = { checkFilter, checkReferences };

/** What is wrong with a segment's filter, each with its path; nothing when it is good. */
function checkFilter(filter: unknown, path: string): readonly string[] {
  return problemsOf(() => {
    parseAudience(filter, path, { isSegment: true });
    return [];
  });
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

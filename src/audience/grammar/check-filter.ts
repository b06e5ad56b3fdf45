import { RequestError } from '../../errors.ts';
import type { Sink } from '../../lib/raw/problems.ts';
import type { Definitions, Segment } from '../../workspace/catalog.ts';
import { filterOf } from '../context.ts';
import { readAudience } from './parse.ts';
import { referenceProblems } from './references.ts';
import { slipsOf } from './slips.ts';

/** The checks of audiences that reading a workspace file needs. */
export const audienceChecks = { checkFilter, checkReferences };

/** Adds the problems of a segment's filter to `problems`. */
function checkFilter(filter: unknown, path: string, problems: Sink): void {
  readAudience(filter, path, problems, { isSegment: true });
}

/**
 * The problems of the references in a segment's filter. `warn` is told of values that nobody can have. `path` is the path of
 * the filter in the workspace file.
 */
function checkReferences(
  segment: Segment,
  definitions: Definitions,
  path: string,
  warn: (text: string) => void = () => undefined,
): readonly string[] {
  const placed = (text: string) => text.replace(/^segment/, () => path);
  const problems = problemsOf(() => {
    const filter = filterOf(segment);
    for (const slip of slipsOf(filter)) warn(placed(slip));
    return referenceProblems(filter, definitions);
  });
  return problems.map(placed);
}

function problemsOf(check: () => readonly string[]): readonly string[] {
  try {
    return check();
  } catch (error) {
    if (error instanceof RequestError) return error.errors;
    throw error;
  }
}

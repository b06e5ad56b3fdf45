import { RequestError } from '../errors.ts';
import { parseAudience } from './parse.ts';

/** What is wrong with a segment's filter, each with its path; nothing when it is good. */
export function checkFilter(filter: unknown, path: string): readonly string[] {
  try {
    parseAudience(filter, path, { isSegment: true });
    return [];
  } catch (error) {
    if (error instanceof RequestError) return error.errors;
    throw error;
  }
}

import { RequestError } from '../../errors.ts';
import { bounded } from '../../lib/raw/bounded-texts.ts';

/** Texts of one error beyond which those of later checks are left out: a last text counts those that had no room. */
const MANY = 100;

/**
 * Runs all checks and returns what they return. If some fail, throws the first error with the texts of all, so that a caller
 * mends a request at once. The answer's status and `message` are those of the first.
 */
export function together<const T extends readonly (() => unknown)[]>(
  ...checks: T
): { -readonly [K in keyof T]: ReturnType<T[K]> } {
  const failures: RequestError[] = [];
  const results = checks.map((check) => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failures.push(error);
      return undefined;
    }
  });
  const [first, ...others] = failures;
  if (first === undefined) return results as { -readonly [K in keyof T]: ReturnType<T[K]> };
  if (others.length === 0 || first.errors.length > MANY) throw first;
  throw new RequestError(first.code, bounded([...new Set(failures.flatMap(({ errors }) => errors))]));
}

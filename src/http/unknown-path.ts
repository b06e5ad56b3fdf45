import { RequestError } from '../errors.ts';
import { didYouMean, nearest } from '../lib/raw/did-you-mean.ts';

/** Longer paths are not compared with those of the endpoints. */
const LONGEST_COMPARED = 60;

/** The error for a path that no endpoint has. `url`: as requested. `known`: the paths of all endpoints. */
export function unknownPath(url = '', known: readonly string[] = []): RequestError {
  const path = url.replace(/[?#].*$/s, '');
  const meant = path.length > LONGEST_COMPARED ? null : nearest(path, known);
  return new RequestError('unknown_path', [`path: no endpoint of this server has it${didYouMean(meant)}`]);
}

import { RequestError } from '../../errors.ts';
import { isObject } from '../../lib/raw/json.ts';
import { isDeeperThan } from '../../lib/raw/json-depth.ts';
import { findJsonError } from '../../lib/raw/json-error.ts';
import { utf8Problem } from '../../lib/raw/utf8.ts';

const MAX_DEPTH = 40;

/**
 * Parses the body: a JSON object in UTF-8, at most 40 levels deep unless `mostLevels` says otherwise. Anything else is a 400. The
 * content type does not matter.
 */
export function parseBody(raw: Buffer, mostLevels = MAX_DEPTH): Record<string, unknown> {
  const problem = utf8Problem(raw);
  if (problem !== null) throw new RequestError('malformed_body', [`body: ${problem}`]);
  const text = raw.toString('utf8');
  if (isDeeperThan(mostLevels, text)) {
    throw new RequestError('bad_request', [`body: expected at most ${mostLevels} levels of nesting`]);
  }
  const value = parseJson(text);
  if (!isObject(value)) throw new RequestError('bad_request', ['body: expected a JSON object']);
  return value;
}

function parseJson(text: string): unknown {
  if (text.trim() === '') {
    throw new RequestError('malformed_body', [
      'body: expected a JSON object, got nothing; send {} if there is nothing to say',
    ]);
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message is left out, because it quotes the body.
    const { line, column } = findJsonError(text) ?? { line: 1, column: 1 };
    const place = `line ${line}, column ${column}`;
    throw new RequestError('malformed_body', [
      `body: expected a JSON object, got something that is not JSON at ${place}`,
    ]);
  }
}

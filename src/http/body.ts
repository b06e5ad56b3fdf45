import { RequestError } from '../errors.ts';
import { isObject } from '../lib/json.ts';

const MAX_DEPTH = 40;

/** Parses the body: a JSON object, at most 40 levels deep. Anything else is a 400. The content type does not matter. */
export function parseBody(raw: Buffer): Record<string, unknown> {
  const text = raw.toString('utf8');
  if (isDeeperThan(MAX_DEPTH, text)) {
    throw new RequestError('bad_request', [`body: expected at most ${MAX_DEPTH} levels of nesting`]);
  }
  const value = parseJson(text);
  if (!isObject(value)) throw new RequestError('bad_request', ['body: expected a JSON object']);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message is left out, because it quotes the body.
    throw new RequestError('malformed_body', ['body: expected a JSON object, got something that is not JSON']);
  }
}

/** Counts levels before parsing, because 4 MiB of brackets would become four million arrays. */
function isDeeperThan(most: number, text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === backslash) at += 1;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > most) return true;
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
  }
  return false;
}

const [quote, backslash, openBrace, openBracket, closeBrace, closeBracket] = Array.from('"\\{[}]', (mark) =>
  mark.charCodeAt(0),
);

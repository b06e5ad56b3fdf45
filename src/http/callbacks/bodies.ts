import { RequestError } from '../../errors.ts';
import { isDeeperThan } from '../../lib/raw/json-depth.ts';

const MAX_DEPTH = 40;
const MOST_PARAMETERS = 1_000;

/**
 * Parses the body of a callback: any JSON. Verify the signature over the raw body first. Bytes that are not UTF-8, such as
 * the words of a mail server that a provider passes on, must not lose the bounce that they tell of. Throws RequestError.
 */
export function jsonOf(raw: Buffer): unknown {
  const text = raw.toString('utf8');
  if (isDeeperThan(MAX_DEPTH, text))
    throw new RequestError('bad_request', [`body: expected at most ${MAX_DEPTH} levels of nesting`]);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message is left out, because it quotes the body.
    throw new RequestError('malformed_body', ['body: expected JSON']);
  }
}

/** Parses the body of a callback as a form: every parameter as sent, in its order, repeated ones too. Throws RequestError. */
export function formOf(raw: Buffer): [string, string][] {
  const parameters = [...new URLSearchParams(raw.toString('utf8'))];
  if (parameters.length <= MOST_PARAMETERS) return parameters;
  throw new RequestError('bad_request', [`body: expected at most ${MOST_PARAMETERS} parameters`]);
}

import { CressetError, NoAnswerError, type Problem } from '../client/client.ts';

/** What a tool cannot do, and why. The message is for the assistant and its person. */
export class ToolError extends Error {
  override name = 'ToolError';
}

/** Most problems of a refusal that are shown, and the longest, in characters. */
const MOST_PROBLEMS = 20;
const LONGEST_PROBLEM = 400;
const MOST_CAUSES = 4;

/** Says in words why a tool failed. What the API said stands in its own words. `url`: the address of the server. */
export function refusalText(error: unknown, url: string): string {
  if (error instanceof CressetError) return refusedBy(error);
  if (error instanceof NoAnswerError) return `${unanswered(error, url)} ${advice[error.reason]}`;
  if (error instanceof ToolError || error instanceof TypeError) return error.message;
  return `The MCP server of Cresset has a bug: ${error instanceof Error ? error.message : String(error)}`;
}

function refusedBy({ status, message, errors, requestId, retryAfterMs }: CressetError): string {
  const shown = errors.slice(0, MOST_PROBLEMS).map((problem) => `- ${problemText(problem)}`);
  const more = errors.length > MOST_PROBLEMS ? [`- and ${errors.length - MOST_PROBLEMS} more`] : [];
  const later = retryAfterMs === null ? [] : [`Ask again after ${Math.ceil(retryAfterMs / 1_000)} s.`];
  const logged = requestId === null ? [] : [`The server logged it as request ${requestId}.`];
  return [`Cresset answered ${status}: ${message}`, ...shown, ...more, ...later, ...logged].join('\n');
}

function problemText(problem: Problem): string {
  const text = typeof problem === 'string' ? problem : JSON.stringify(problem);
  return text.length > LONGEST_PROBLEM ? `${text.slice(0, LONGEST_PROBLEM)}…`.toWellFormed() : text;
}

function unanswered({ message, cause }: NoAnswerError, url: string): string {
  const word = causeOf(cause);
  return `No answer of Cresset at ${url}: ${message}${word === null ? '' : ` (${word})`}.`;
}

/** What is wrong with a connection, in the system's word, such as `ECONNREFUSED`. fetch wraps it in other errors. */
function causeOf(error: unknown): string | null {
  let word: string | null = null;
  for (let one = error, depth = 0; one instanceof Error && depth < MOST_CAUSES; one = one.cause, depth += 1)
    word = 'code' in one && typeof one.code === 'string' ? one.code : one.message;
  return word;
}

const advice: Readonly<Record<NoAnswerError['reason'], string>> = {
  connection: 'Is the server running, and is the address right?',
  timeout: 'The server is busy or cannot be reached.',
  unreadable: 'Is that the address of a Cresset?',
  too_large: 'Ask for less at once.',
};

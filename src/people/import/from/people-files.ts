import type { Entry } from '../entry.ts';
import { readNdjson } from '../ndjson.ts';
import { peek } from '../source.ts';
import { readAnswers } from './json-answers.ts';

/** How answers of the original begin, and lists of people. Lines of people begin with another member. */
const answer = /^\uFEFF?\s*(?:\[|\{\s*"(?:users|message|invalid_user_ids|total_count)"\s*:)/;
const lookedAt = 4 * 1024;

/** Whether a text is the beginning of answers, rather than of lines of people. */
export function isAnswer(text: string): boolean {
  return answer.test(text);
}

/** Reads files of the original: lines of people, as its archives have them, or answers as they came. */
export async function* readPeopleFile(bytes: AsyncIterable<Buffer>): AsyncGenerator<Entry[]> {
  const { head, whole } = await peek(bytes, lookedAt);
  yield* isAnswer(head.subarray(0, lookedAt).toString()) ? readAnswers(whole) : readNdjson(whole);
}

import type { Page } from '../../../content/page.ts';
import { ContentRefused } from '../../../content/refused.ts';
import { RequestError } from '../../../errors.ts';
import { describe, own, type RawObject, shown } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { readDateTime } from '../../query.ts';
import type { Answer, RouteRequest } from '../../route.ts';

export const MOST_TAGS = 100;
export const MOST_LISTED = 1_000;
export const USUAL_LISTED = 100;

/** The parameters of both lists. */
export const listParameters = ['modified_after', 'modified_before', 'limit', 'offset'] as const;

/** Answers a refusal with the original's sentence as the `message`. */
export function refusable(
  handle: (request: RouteRequest) => Promise<Answer>,
): (request: RouteRequest) => Promise<Answer> {
  return async (request) => {
    try {
      return await handle(request);
    } catch (error) {
      if (!(error instanceof ContentRefused)) throw error;
      return { status: 400, body: { message: error.message, errors: error.errors } };
    }
  };
}

/** A member of a body. null counts as absent. */
export function given(body: RawObject, key: string): unknown {
  return own(body, key) ?? undefined;
}

/** Reads the tags. undefined: absent. Throws ContentRefused. */
export function readTags(body: RawObject): string[] | undefined {
  const value = given(body, 'tags');
  if (value === undefined) return undefined;
  if (!Array.isArray(value))
    throw new ContentRefused('Tags must be an array', [`tags: expected an array of texts, got ${describe(value)}`]);
  const tags: unknown[] = value;
  const wrong = tags.findIndex((tag) => typeof tag !== 'string');
  if (wrong >= 0)
    throw new ContentRefused('All tags must be strings', [
      `tags[${wrong}]: expected a text, got ${describe(tags[wrong])}`,
    ]);
  const texts = [...new Set(tags as string[])];
  if (texts.length > MOST_TAGS) throw new ObjectProblem(`tags: expected at most ${MOST_TAGS}, got ${texts.length}`);
  return texts;
}

/** Refuses an update that names nothing to change. */
export function requireOne(change: object, members: readonly string[]): void {
  if (Object.values(change).some((value) => value !== undefined)) return;
  throw new RequestError('bad_request', [`expected at least one of ${members.join(', ')}`]);
}

/** Reads what of a list is asked for. Throws ContentRefused. */
export function readPage(query: URLSearchParams): Page {
  const after = readModified(query, 'after');
  const before = readModified(query, 'before');
  if (after !== null && before !== null && after > before) {
    const sentence = 'Modified after time must be earlier than or the same as modified before time.';
    throw new ContentRefused(sentence, ['modified_after: expected a time that is not after modified_before']);
  }
  return { after, before, limit: readLimit(query), offset: readOffset(query) };
}

function readModified(query: URLSearchParams, side: 'after' | 'before'): Date | null {
  try {
    return readDateTime(query, `modified_${side}`);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new ContentRefused(`Modified ${side} time is invalid`, error.errors);
  }
}

function readLimit(query: URLSearchParams): number {
  const limit = readWhole(query, 'limit', 'Content Block number limit is invalid') ?? USUAL_LISTED;
  if (limit > 0) return Math.min(limit, MOST_LISTED);
  throw new ContentRefused('Content Block number limit must be greater than 0', [
    `limit: expected 1 to ${MOST_LISTED}, got ${limit}`,
  ]);
}

/** Zero is taken, because the original's own sample has it. */
function readOffset(query: URLSearchParams): number {
  const offset = readWhole(query, 'offset', 'Offset is invalid') ?? 0;
  if (offset >= 0) return offset;
  throw new ContentRefused('Offset must be greater than 0', [`offset: expected 0 or more, got ${offset}`]);
}

function readWhole(query: URLSearchParams, name: string, sentence: string): number | null {
  const text = query.get(name);
  if (text === null || text === '') return null;
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new ContentRefused(sentence, [`${name}: expected a whole number of at most 9 digits, got "${shown(text)}"`]);
}

import type { Operations } from '../../openapi/operation.ts';
import { answered, list, map, orNull, text, time } from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, optionalText, success } from '../../openapi/shared.ts';

export const operations: Operations = {
  'GET /operator/v1/requests': {
    summary: 'List the log of requests, the newest first',
    description: 'It has requests that go to a segment or an audience, and what went wrong with them, for 60 hours.',
    tag: 'Console',
    query: { category: optionalText('Only this category.'), limit: limitOf(200, 50), cursor },
    answer: {
      status: 200,
      schema: success({
        requests: list(
          answered({
            id: text(),
            at: time(),
            category: text(),
            dispatch_id: orNull(text('The dispatch that it made. null: none.')),
            record: map(null, 'The request and what is known of it. Secrets are masked.'),
          }),
        ),
        next_cursor: nextCursor,
      }),
    },
    example: { query: { limit: '10' } },
  },
};

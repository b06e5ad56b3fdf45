import type { Operations } from '../../openapi/operation.ts';
import { answered, flag, integer, list, oneOf, orNull, text, time } from '../../openapi/schema.ts';
import { listQuery, success, tagNames, words } from '../../openapi/shared.ts';
import { spans } from './route.ts';

export const operations: Operations = {
  'GET /operator/v1/campaigns': {
    summary: 'List campaigns with what they sent',
    description:
      'The numbers are those of the last days in UTC, today included. They are counted as messages go out and as providers report, and never from the ledger.',
    tag: 'Console',
    query: { ...listQuery, days: words(spans, 'How many days. Default: 30.') },
    answer: {
      status: 200,
      schema: success({
        campaigns: list(
          answered({
            ...{ id: text(), name: text(), kind: oneOf(['api', 'api_triggered', 'transactional']), tags: tagNames },
            ...{ archived: flag(), last_edited: time() },
            last_sent: orNull(time('Whenever it was. null: nothing was sent yet.')),
            sent: integer('Messages.'),
            recipients: integer('People, once for each dispatch.'),
            opened: orNull(integer('Messages that people opened, read or saw. null: none of its channels tells.')),
            clicked: orNull(integer('What people clicked. null: none of its channels tells.')),
            sent_by_day: list(integer(), 'Messages of each day, oldest first.'),
          }),
          'At most 100.',
        ),
      }),
    },
    errors: [],
    example: { query: { days: '7' } },
  },
};

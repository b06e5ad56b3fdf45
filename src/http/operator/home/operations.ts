import { sendStatuses } from '../../../dispatch/plan/states.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, flag, integer, list, oneOf, orNull, text, time } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { listedDispatch } from '../../public/dispatches/operations.ts';

const kinds = ['app', 'group', 'relay', 'database', 'definitions', 'workers', 'queue', 'events', 'callers', 'dispatch'];

export const operations: Operations = {
  'GET /operator/v1/troubles': {
    summary: 'Read what is wrong now, and since when',
    tag: 'Console',
    answer: {
      status: 200,
      schema: success({
        troubles: list(
          answered({
            severity: oneOf(['red', 'amber'], 'red: somebody does not get a message. amber: all else.'),
            subject: answered({ kind: oneOf(kinds), id: orNull(text()), name: orNull(text()) }),
            title: text('One sentence.'),
            detail: text('What it means, and what the other side says.'),
            since: orNull(time('When it began. null: not known.')),
            waiting: orNull(
              answered({ dispatches: integer(), people: integer() }, 'What waits for it. null: nothing is known to.'),
            ),
            next_try_at: orNull(time('When it is tried again. null: nothing is tried.')),
          }),
        ),
      }),
    },
    example: {},
  },
  'GET /operator/v1/home': {
    summary: 'Read what was accepted last, and what was sent today',
    tag: 'Console',
    answer: {
      status: 200,
      schema: success({
        recent: list(listedDispatch, 'The newest dispatches.'),
        today: answered({
          since: time('Midnight UTC.'),
          counted_at: orNull(time('When it was counted. null: not yet, or there are too many sends to count in time.')),
          is_counting: flag('Whether it is being counted for the first time. Ask again in a moment.'),
          rows: list(
            answered({
              channel: text(),
              status: oneOf(sendStatuses),
              reason: orNull(text()),
              count: integer(),
            }),
          ),
        }),
      }),
    },
    example: {},
  },
};

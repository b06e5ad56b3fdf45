import { MOST_LEFT_OUT } from '../../../audience/leave-out.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, given, integer, like, list, map, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

const named = list(answered({ id: text(), name: text() }), 'By name, at most 1,000.');
const plan = { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } };

export const operations: Operations = {
  'GET /operator/v1/audience': {
    summary: 'Read what an audience can be described with',
    tag: 'Console',
    answer: {
      status: 200,
      schema: success({
        ...{ segments: named, groups: named, apps: named, campaigns: named },
        segments_left_out: integer('How many more segments there are.'),
      }),
    },
    example: {},
  },
  'POST /operator/v1/audience/parts': {
    summary: 'Count whom a filter describes without each of its parts',
    description: `A part is a filter or a group but the outermost. One scan counts them all. \`paths\` chooses at most ${MOST_LEFT_OUT}; without it, they are the first ${MOST_LEFT_OUT}. It changes nothing.`,
    tag: 'Console',
    body: given(
      {
        filter: like({ AND: [plan] }, map(null, 'A filter as a segment may have it.')),
        paths: list(text('Such as `filter.AND[0]`.'), 'The parts to leave out.'),
      },
      'Other members are refused.',
    ),
    answer: {
      status: 200,
      schema: success({
        everybody: integer('People of the workspace.'),
        count: integer('People who fit the filter.'),
        parts: list(
          answered({
            path: text(),
            alone: integer('People who fit this part alone.'),
            without: integer('People who fit the filter without this part.'),
          }),
          'In reading order.',
        ),
        left_over: integer('How many parts were not asked for.'),
        took_ms: integer('Milliseconds.'),
      }),
    },
    errors: ['audience_too_expensive', 'rate_limited'],
    example: { body: { filter: { AND: [plan, { email_available: true }] } } },
  },
};

import type { Operation, Operations } from '../../openapi/operation.ts';
import { answered, list, optional, text, time } from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, success } from '../../openapi/shared.ts';
import { brazeId, dispatchId, externalId, personQuery, verdict, verdictQuery } from '../report-schemas.ts';

const messages: Operation = {
  summary: 'List what a person was sent or refused, the newest first',
  tag: 'Messages',
  answer: {
    status: 200,
    schema: success({
      external_id: externalId,
      braze_id: brazeId,
      messages: list(
        answered({ dispatch_id: dispatchId, campaign_id: optional(text()), accepted_at: time(), ...verdict }),
      ),
      next_cursor: nextCursor,
    }),
  },
  errors: ['not_found'],
  example: {},
};
const query = { ...verdictQuery, limit: limitOf(500, 50), cursor };

export const operations: Operations = {
  'GET /users/:external_id/messages': {
    ...messages,
    params: { external_id: text('The external id.') },
    query,
    example: { params: { external_id: 'ada' }, query: { limit: '10' } },
  },
  'GET /users/messages': {
    ...messages,
    summary: 'List what a person was sent or refused, by any name of the person',
    description: 'The query names one person.',
    query: { ...personQuery, ...query },
    example: { query: { external_id: 'ada', limit: '10' } },
  },
};

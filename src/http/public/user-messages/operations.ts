import type { Operation, Operations } from '../../openapi/operation.ts';
import { answered, list, optional, text, time } from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, optionalTime, success } from '../../openapi/shared.ts';
import {
  brazeId,
  campaignName,
  dispatchId,
  externalId,
  personQuery,
  verdict,
  verdictQuery,
} from '../report-schemas.ts';

const message = {
  dispatch_id: dispatchId,
  campaign_id: optional(text()),
  campaign_name: campaignName,
  accepted_at: time(),
  ...verdict,
};
const messages: Operation = {
  summary: 'List what a person was sent or refused, the newest first',
  tag: 'Messages',
  answer: {
    status: 200,
    schema: success({
      external_id: externalId,
      braze_id: brazeId,
      messages: list(answered(message)),
      next_cursor: nextCursor,
    }),
  },
  errors: ['not_found'],
  example: {},
};
const ids = { external_id: optional(externalId), braze_id: optional(brazeId) };
const query = {
  ...verdictQuery,
  since: optionalTime('Accepted at this time or later.'),
  until: optionalTime('Accepted before this time.'),
  limit: limitOf(500, 50),
  cursor,
};

export const operations: Operations = {
  'GET /users/:external_id/messages': {
    ...messages,
    params: { external_id: text('The external id.') },
    query,
    example: { params: { external_id: 'ada' }, query: { limit: '10' } },
  },
  'GET /users/messages': {
    ...messages,
    summary: 'List what a person was sent or refused, by any name or address of the person',
    description:
      'The query names one person, or an address. Several people may have it: then `people` has all of them, at most 100, and each message whose it is.',
    answer: {
      status: 200,
      schema: success({
        ...ids,
        people: optional(list(answered({ external_id: externalId, braze_id: brazeId }), 'Of an address.')),
        messages: list(answered({ ...ids, ...message })),
        next_cursor: nextCursor,
      }),
    },
    query: {
      ...personQuery,
      email: { schema: text('Everybody who has this address now, in whatever letter case.') },
      phone: { schema: text('Everybody who has this number now.') },
      ...query,
    },
    example: { query: { external_id: 'ada', limit: '10' } },
  },
};

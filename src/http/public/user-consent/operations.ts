import { consentDoors } from '../../../people/consent/record/source.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import { text } from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, success } from '../../openapi/shared.ts';
import { consentChanges } from '../consent-schemas.ts';
import { brazeId, externalId, personQuery } from '../report-schemas.ts';

const consent: Operation = {
  summary: 'List who changed which subscription state of a person, the newest change first',
  description: `A change came by one of the doors ${consentDoors.join(', ')}.`,
  tag: 'Messages',
  answer: {
    status: 200,
    schema: success({
      external_id: externalId,
      braze_id: brazeId,
      consent_changes: consentChanges,
      next_cursor: nextCursor,
    }),
  },
  errors: ['not_found'],
  example: {},
};
const query = { limit: limitOf(500, 100), cursor };

export const operations: Operations = {
  'GET /users/:external_id/consent': {
    ...consent,
    params: { external_id: text('The external id.') },
    query,
    example: { params: { external_id: 'ada' }, query: { limit: '10' } },
  },
  'GET /users/consent': {
    ...consent,
    summary: 'List who changed which subscription state of a person, by any name of the person',
    query: { ...personQuery, ...query },
    example: { query: { external_id: 'ada', limit: '10' } },
  },
};

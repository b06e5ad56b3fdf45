import type { Operation, Operations } from '../../openapi/operation.ts';
import { list, map } from '../../openapi/schema.ts';
import { listQuery, optionalInteger, optionalTime, requiredText, success, words } from '../../openapi/shared.ts';

/** A read of a card, none of which there is. */
const unknown = (summary: string, query: Operation['query'] = {}): Operation => ({
  summary,
  tag: 'Campaigns',
  query: { card_id: requiredText('The card. There are none, so each id is refused.'), ...query },
  answer: { status: 200, schema: success() },
  example: { query: { card_id: 'none' } },
  alwaysRefuses: true,
});

export const operations: Operations = {
  'GET /feed/list': {
    summary: 'List cards of the News Feed: always none',
    tag: 'Campaigns',
    query: listQuery,
    answer: { status: 200, schema: success({ cards: list(map()) }) },
    example: { query: { page: '0' } },
  },
  'GET /feed/details': unknown('Read a card: always refused'),
  'GET /feed/data_series': unknown('Read the series of a card: always refused', {
    length: optionalInteger('Days or hours of the series.'),
    unit: words(['day', 'hour'], 'The step.'),
    ending_at: optionalTime('The end of the series.'),
  }),
};

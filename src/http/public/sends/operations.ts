import type { Operations } from '../../openapi/operation.ts';
import { given, required, text } from '../../openapi/schema.ts';
import { requiredText, seriesQuery, success } from '../../openapi/shared.ts';
import { seriesOf } from '../campaigns/operations.ts';

export const operations: Operations = {
  'POST /sends/id/create': {
    summary: 'Create an id under which sends of a campaign are counted apart',
    tag: 'Campaigns',
    body: given({
      campaign_id: required(text('Id of an API campaign.')),
      send_id: text('Default: the server makes one.', { maxLength: 64 }),
    }),
    answer: { status: 201, schema: success({ send_id: text() }) },
    errors: ['invalid_campaign'],
    example: { body: { campaign_id: 'spring', send_id: 'spring-monday' } },
  },
  'GET /sends/data_series': {
    summary: 'Read what was sent under a send id, by day',
    tag: 'Campaigns',
    query: { campaign_id: requiredText('Id of the campaign.'), send_id: requiredText('The send id.'), ...seriesQuery },
    answer: { status: 200, schema: seriesOf('variation_name') },
    errors: ['unknown_campaign_id', 'unknown_send_id', 'invalid_length'],
    example: { query: { campaign_id: 'spring', send_id: 'spring-monday', length: '7' } },
  },
};

import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, flag, integer, list, text, time } from '../../openapi/schema.ts';
import { pageNumber, requiredText, seriesQuery, sortDirection, success, tagNames } from '../../openapi/shared.ts';

const segmentId = requiredText('Id of the segment.');

export const operations: Operations = {
  'GET /segments/list': {
    summary: 'List segments',
    tag: 'Campaigns',
    query: { page: pageNumber, sort_direction: sortDirection },
    answer: {
      status: 200,
      schema: success({
        segments: list(answered({ id: text(), name: text(), analytics_tracking_enabled: flag(), tags: tagNames })),
      }),
    },
    example: { query: { page: '0' } },
  },
  'GET /segments/details': {
    summary: 'Read whom a segment describes',
    tag: 'Campaigns',
    query: { segment_id: segmentId },
    answer: {
      status: 200,
      schema: success({
        ...{ name: text(), description: text('The filter in words.'), text_description: text(), tags: tagNames },
        ...{ teams: list(text()), created_at: time(), updated_at: time() },
      }),
    },
    errors: ['unknown_segment_id'],
    example: { query: { segment_id: exampleIds.segment } },
  },
  'GET /segments/data_series': {
    summary: 'Read the size of a segment, by day',
    tag: 'Campaigns',
    query: { segment_id: segmentId, ...seriesQuery },
    answer: { status: 200, schema: success({ data: list(answered({ time: text(), size: integer() })) }) },
    errors: ['unknown_segment_id', 'invalid_length', 'audience_too_expensive'],
    example: { query: { segment_id: exampleIds.segment, length: '7' } },
  },
};

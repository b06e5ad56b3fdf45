import { fileForms } from '../../../exports/store.ts';
import { exportFields } from '../../../people/export/export.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { given, like, list, oneOf, required, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { LONGEST_URL, MOST_FIELDS } from './request.ts';

const segmentId = text('Id of the segment.');

export const operations: Operations = {
  'POST /users/export/segment': {
    summary: 'Export the people of a segment to a file',
    description: 'The file is written in the background. Its `url` answers 404 until it is there.',
    tag: 'Users',
    body: given({
      segment_id: required(segmentId),
      fields_to_export: required(
        list(text(), `Names such as ${exportFields.slice(0, 6).join(', ')}. Others are ignored.`, MOST_FIELDS),
      ),
      custom_attributes_to_export: list(
        text(),
        'Custom attributes. Default: those that the fields ask for.',
        MOST_FIELDS,
      ),
      callback_endpoint: like(
        'https://example.com/done',
        text('URL to call when the file is there.', { maxLength: LONGEST_URL }),
      ),
      output_format: oneOf(fileForms, 'Default: `zip`.'),
    }),
    answer: {
      status: 201,
      schema: success({ object_prefix: text(), url: text('Where the file will be, for four hours.') }),
    },
    errors: ['unknown_segment_id', 'export_running', 'too_many_exports'],
    example: { body: { segment_id: exampleIds.segment, fields_to_export: ['external_id', 'email'] } },
  },
  'POST /export/segment/cancel': {
    summary: 'Cancel the exports of a segment',
    tag: 'Users',
    body: given({ segment_id: required(segmentId) }),
    answer: { status: 201, schema: success() },
    errors: ['unknown_segment_id'],
    example: { body: { segment_id: exampleIds.segment } },
  },
};

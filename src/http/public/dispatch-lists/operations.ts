import type { Operations } from '../../openapi/operation.ts';
import { either, integer, optional, text } from '../../openapi/schema.ts';
import { minorErrors, success, warnings } from '../../openapi/shared.ts';
import { messageErrors, rehearsed } from '../messages-send/operations.ts';
import { dispatchId } from '../report-schemas.ts';

const webhook = {
  url: 'https://example.com/hook',
  request_method: 'POST',
  body: 'Order {{api_trigger_properties.${order}}}',
};

export const operations: Operations = {
  'POST /dispatches': {
    summary: 'Send messages to a list of up to a million people',
    description:
      'The first line is a body of `/messages/send`, or of `/campaigns/trigger/send` with a `campaign_id` and without `messages`, that names nobody. Every further line is one person, as in `recipients` of `/campaigns/trigger/send`, with their own `trigger_properties`. The body may be gzip. An upload that breaks off goes on if the whole list is sent again with the same `Idempotency-Key`.',
    tag: 'Messages',
    lines: [
      { messages: { webhook }, trigger_properties: { order: 'none' } },
      { external_user_id: 'ada', trigger_properties: { order: 4711 } },
      { email: 'bob@example.com' },
    ],
    answer: {
      status: 201,
      schema: either(
        'Of a dry run: who would get what.',
        success({
          dispatch_id: dispatchId,
          send_id: optional(text('The send id.')),
          lines: integer('Number of people in the list.'),
          errors: minorErrors,
          cresset: warnings,
        }),
        rehearsed,
      ),
    },
    errors: [
      ...messageErrors,
      ...(['campaign_archived', 'campaign_paused', 'malformed_body', 'wrong_content_type', 'body_too_large'] as const),
      ...(['idempotency_conflict', 'idempotency_running', 'queue_full'] as const),
    ],
    example: {},
  },
};

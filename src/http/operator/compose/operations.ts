import type { Operations } from '../../openapi/operation.ts';
import { answered, integer, list, orNull, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

export const operations: Operations = {
  'GET /operator/v1/compose': {
    summary: 'Read what a message can be composed with',
    tag: 'Console',
    answer: {
      status: 200,
      schema: success({
        apps: list(answered({ id: text(), name: text(), platform: text() })),
        groups: list(answered({ id: text(), name: text(), channel: text() }), 'Subscription groups.'),
        segments: list(answered({ id: text(), name: text() }), 'By name, at most 1,000.'),
        segments_left_out: integer('How many more segments there are.'),
        default_from: orNull(text('The sender of mails that name none.')),
        outside: list(text(), 'Channels whose messages leave this server. Those of others go to the sandbox.'),
      }),
    },
    errors: [],
    example: {},
  },
};

import type { Operations } from '../../openapi/operation.ts';
import { answered, flag, given, list, oneOf, required, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { findKinds } from './matches.ts';

export const operations: Operations = {
  'POST /operator/v1/find': {
    summary: 'Find what an id or a name means',
    description:
      'Blanks, quotes and brackets around the text are left out. An API key is recognised and not searched for.',
    tag: 'Console',
    body: given({ text: required(text('Any id, address, token or name.', { maxLength: 4_096 })) }),
    answer: {
      status: 200,
      schema: success({
        is_api_key: flag('Whether the text is an API key of this server.'),
        matches: list(
          answered({
            kind: oneOf(findKinds),
            id: text('The id by which it is reached: of a person the `braze_id`, of a request its dispatch.'),
            title: text(),
            detail: text(),
          }),
        ),
        looked_up_as: list(oneOf(findKinds), 'What the text was looked up as.'),
      }),
    },
    errors: ['not_found'],
    example: { body: { text: 'ada@example.com' } },
  },
};

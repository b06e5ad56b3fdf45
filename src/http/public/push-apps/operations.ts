import type { Operations } from '../../openapi/operation.ts';
import { answered, integer, list, orNull, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { pauseMembers } from '../pause-schemas.ts';

export const operations: Operations = {
  'GET /push/apps': {
    summary: 'List the apps and the state of their push providers',
    tag: 'Operation',
    answer: {
      status: 200,
      schema: success({
        apps: list(
          answered({
            ...{
              id: text(),
              name: text(),
              platform: text(),
              provider: orNull(text('null: messages go to the sandbox.')),
            },
            ...pauseMembers(['open', 'paused', 'sandbox']),
            last_ten_minutes: answered({ calls: integer(), ambiguous: integer('Calls without an answer.') }),
            suspect_tokens: integer('Tokens that are set aside.'),
          }),
        ),
      }),
    },
    example: {},
  },
};

import type { Operations } from '../../openapi/operation.ts';
import { answered, integer, list, text } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { pauseMembers } from '../pause-schemas.ts';

export const operations: Operations = {
  'GET /email/relays': {
    summary: 'List the mail relays and their states',
    tag: 'Operation',
    answer: {
      status: 200,
      schema: success({
        events: list(answered({ service: text(), url: text('Where the service shall post events.') })),
        relays: list(answered({ name: text(), host: text(), port: integer(), ...pauseMembers(['open', 'paused']) })),
      }),
    },
    example: {},
  },
};

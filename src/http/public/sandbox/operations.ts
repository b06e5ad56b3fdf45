import { channelKeys } from '../../../channels/channel.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, anything, list, orNull, text, time } from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, optionalText, success, words } from '../../openapi/shared.ts';
import { channel, dispatchId, externalId } from '../report-schemas.ts';

export const operations: Operations = {
  'GET /sandbox/messages': {
    summary: 'List messages of channels that have no provider',
    tag: 'Messages',
    query: {
      dispatch_id: optionalText('Only those of this dispatch.'),
      external_id: optionalText('Only those to this person.'),
      channel: words(channelKeys, 'Only this channel.'),
      limit: limitOf(500, 50),
      cursor,
    },
    answer: {
      status: 200,
      schema: success({
        messages: list(
          answered({
            ...{ dispatch_id: dispatchId, external_id: externalId, channel, address: orNull(text('Where it went.')) },
            ...{ delivered_at: time(), message: anything('The message as it would have been sent.') },
          }),
        ),
        next_cursor: nextCursor,
      }),
    },
    example: { query: { limit: '10' } },
  },
};

import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, list, map, orNull, text, time } from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, optionalText, success } from '../../openapi/shared.ts';

const params = { dispatch_id: text('Id of the dispatch.'), braze_id: text('The `braze_id` of the person.') };
const remote = optionalText('1: images and styles from outside load, too, in this browser.');
const example = { params: { dispatch_id: exampleIds.dispatch, braze_id: exampleIds.person } };

export const operations: Operations = {
  'GET /operator/v1/outbox': {
    summary: 'List what people got, of messages without a provider, the newest first',
    tag: 'Console',
    query: { limit: limitOf(200, 50), cursor },
    answer: {
      status: 200,
      schema: success({
        entries: list(
          answered({
            dispatch_id: text(),
            braze_id: orNull(text('null: the person was deleted.')),
            external_id: orNull(text()),
            name: orNull(text()),
            channels: list(text()),
            campaign_id: orNull(text()),
            delivered_at: time(),
          }),
        ),
        next_cursor: nextCursor,
      }),
    },
    example: { query: { limit: '10' } },
  },
  'GET /operator/v1/outbox/:dispatch_id/:braze_id': {
    summary: 'Read what a person got of a dispatch, by channel',
    tag: 'Console',
    params,
    answer: {
      status: 200,
      schema: success({
        messages: list(
          answered({
            channel: text(),
            address: orNull(text()),
            message: map(null, 'The message as the person would see it.'),
            delivered_at: time(),
          }),
        ),
      }),
    },
    errors: ['not_found'],
    example,
  },
  'GET /operator/v1/outbox/:dispatch_id/:braze_id/mail': {
    summary: 'Read a mail as a document for a frame without any right',
    description:
      'The answer is HTML with a policy of its own: no script, no form, no connection, nothing from outside.',
    tag: 'Console',
    params,
    query: { remote },
    answer: { status: 200, schema: text('HTML.') },
    errors: ['not_found'],
    example,
  },
  'GET /operator/v1/mail-frame': {
    summary: 'Read an empty document for a frame, into which the console puts a mail that is not sent',
    description:
      'The answer is HTML with the policy of a mail. Unlike that of a mail, its frame has the origin of the server.',
    tag: 'Console',
    query: { remote },
    answer: { status: 200, schema: text('HTML.') },
    errors: [],
    example: {},
  },
};

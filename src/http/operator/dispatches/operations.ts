import { channelKeys } from '../../../channels/channel.ts';
import { replayable } from '../../../dispatch/plan/replay-filter.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, given, integer, list, oneOf, orNull, text, time } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { replayFilter } from '../../public/dispatches/operations.ts';
import { dispatchId, dispatchState } from '../../public/report-schemas.ts';

const tag = 'Console';
const params = { dispatch_id: text('Id of the dispatch: 32 hex digits, or as a UUID.') };
const ofSet = { set_id: text('`set_id` of the set.') };
const set = answered({
  set_id: text(),
  dispatch_id: dispatchId,
  filter: answered({
    statuses: list(oneOf(replayable)),
    channels: orNull(list(oneOf(channelKeys))),
    codes: orNull(list(text())),
  }),
  recipients: integer('Sends of the set.'),
  in_doubt: integer('How many of them are `unknown`: their people may have the message already.'),
  frozen_at: time(),
  frozen_by: text('Name of the operator.'),
  expires_at: time('Until when it may be used.'),
  used_at: orNull(time('When it was used. null: not yet.')),
  used_by: orNull(text()),
});

export const operations: Operations = {
  'GET /operator/v1/dispatches/:dispatch_id/people': {
    summary: 'Count the people of a dispatch, each once, by the best of their channels',
    tag,
    params,
    answer: {
      status: 200,
      schema: success({
        people: orNull(
          answered(
            {
              reached: integer(),
              waiting: integer(),
              unclear: integer(),
              failed: integer(),
              kept: integer('Kept back by the rules, the template or a cancellation.'),
            },
            'null: they are being counted for the first time. Ask again in a moment.',
          ),
        ),
        counted_at: orNull(time('When they were counted. null: not yet.')),
      }),
    },
    errors: ['not_found'],
    example: { params: { dispatch_id: exampleIds.dispatch } },
  },
  'POST /operator/v1/dispatches/:dispatch_id/sets': {
    summary: 'Count sends of a dispatch that is over, to try them again',
    description:
      'The answer says how many they are. Nothing is sent until the set is used, within 15 minutes and once. A dispatch that is over does not change, so the set stays the same.',
    tag,
    params,
    body: given(
      replayFilter,
      'Which sends. Default: those that failed, and of a cancelled dispatch those that were cancelled.',
    ),
    answer: { status: 201, schema: success({ set }) },
    errors: ['not_found', 'wrong_state'],
    example: { params: { dispatch_id: exampleIds.dispatch }, body: { statuses: ['failed'] } },
  },
  'GET /operator/v1/sets/:set_id': {
    summary: 'Read a set',
    tag,
    params: ofSet,
    answer: { status: 200, schema: success({ set }) },
    errors: ['not_found'],
    example: { params: { set_id: 'id-of-a-set' } },
  },
  'POST /operator/v1/sets/:set_id/replay': {
    summary: 'Try the sends of a set again',
    tag,
    params: ofSet,
    body: given({}),
    answer: { status: 201, schema: success({ state: dispatchState, recipients: orNull(integer()) }) },
    errors: ['not_found', 'wrong_state'],
    example: { params: { set_id: 'id-of-a-set' }, body: {} },
  },
};

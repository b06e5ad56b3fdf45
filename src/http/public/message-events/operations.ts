import { channelKeys } from '../../../channels/channel.ts';
import { eventKinds } from '../../../feedback/event.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  flag,
  given,
  integer,
  list,
  oneOf,
  orNull,
  required,
  text,
  time,
} from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, optionalText, success, words } from '../../openapi/shared.ts';
import { brazeId, externalId } from '../report-schemas.ts';

const event = answered({
  id: text('The same for ever, and in every delivery.'),
  type: text('Such as `message.delivered` or `consent.opted_out`.'),
  timestamp: time('When it happened.'),
  received_at: time(),
  channel: text(),
  provider: text(),
  external_id: externalId,
  braze_id: brazeId,
  dispatch_id: orNull(text()),
  campaign_id: orNull(text()),
  address: orNull(text()),
  provider_message_id: orNull(text()),
  subscription_group_id: orNull(text()),
  permanent: flag('Whether the address is dead.'),
  code: orNull(text()),
  text: orNull(text()),
  bot: orNull(text()),
  outcome: text('What became of the event.'),
  detail: anything('What else the provider said.'),
});

const order = (summary: string): Operation => ({
  summary,
  tag: 'Operation',
  params: { name: text('Name of the webhook in the workspace file.') },
  body: given({}),
  answer: { status: 201, schema: success() },
  errors: ['not_found'],
  example: { params: { name: 'warehouse' }, body: {} },
});

export const operations: Operations = {
  'GET /message_events': {
    summary: 'Read what came back of messages, in the order in which it came',
    tag: 'Operation',
    query: {
      kind: words(eventKinds, 'Only this kind.'),
      channel: words(channelKeys, 'Only this channel.'),
      campaign_id: optionalText('Only of this campaign.'),
      limit: limitOf(1_000, 100),
      cursor,
    },
    answer: {
      status: 200,
      schema: success({
        events: list(event),
        next_cursor: nextCursor,
        has_more: flag('Whether there may be more already.'),
      }),
    },
    example: { query: { limit: '10' } },
  },
  'GET /event_webhooks': {
    summary: 'List the webhooks that events go to, and how each fares',
    tag: 'Operation',
    answer: {
      status: 200,
      schema: success({
        event_webhooks: list(
          answered({
            name: text(),
            state: oneOf(['active', 'paused', 'disabled']),
            is_current: flag('Whether it has every event but those that are tried again.'),
            waiting_for_retry: integer(),
            failures_in_a_row: integer(),
            given_up: integer('Events that were given up.'),
            last_status: orNull(integer()),
            last_problem: orNull(text()),
            last_delivered_at: orNull(time()),
            not_called_before: orNull(time()),
          }),
        ),
      }),
    },
    example: {},
  },
  'POST /event_webhooks/:name/pause': order('Pause a webhook of events'),
  'POST /event_webhooks/:name/resume': order('Resume a webhook of events'),
  'POST /event_webhooks/:name/replay': {
    ...order('Send the events since a time to a webhook again'),
    body: given({ since: required(time('Events that were received at or after this time.')) }),
    example: { params: { name: 'warehouse' }, body: { since: '2026-01-01T00:00:00Z' } },
  },
};

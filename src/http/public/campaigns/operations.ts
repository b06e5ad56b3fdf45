import type { Operations } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  integer,
  list,
  map,
  number,
  oneOf,
  optional,
  orNull,
  type Schema,
  text,
  time,
} from '../../openapi/schema.ts';
import { listQuery, optionalFlag, requiredText, seriesQuery, success, tagNames } from '../../openapi/shared.ts';

const campaignId = requiredText('Id of the campaign.');

/** Days of a campaign or of a send id. Each channel has counters of its own. */
export function seriesOf(variation: string): Schema {
  const entry: Schema = { ...answered({ [variation]: text() }), additionalProperties: integer() };
  return success({
    data: list(
      answered({
        time: text('The day, as `YYYY-MM-DD`.'),
        messages: map(list(entry), 'Counters of each variation, by channel.'),
        conversions_by_send_time: integer(),
        conversions: integer(),
        unique_recipients: integer(),
        revenue: integer(),
      }),
      'Oldest first.',
    ),
  });
}

export const operations: Operations = {
  'GET /campaigns/list': {
    summary: 'List campaigns',
    tag: 'Campaigns',
    query: listQuery,
    answer: {
      status: 200,
      schema: success({
        campaigns: list(
          answered({ id: text(), last_edited: time(), name: text(), is_api_campaign: flag(), tags: tagNames }),
        ),
      }),
    },
    example: { query: { page: '0' } },
  },
  'GET /campaigns/details': {
    summary: 'Read what a campaign consists of',
    tag: 'Campaigns',
    query: { campaign_id: campaignId, post_launch_draft_version: optionalFlag('There are no drafts.') },
    answer: {
      status: 200,
      schema: success({
        ...{ created_at: time(), updated_at: time(), archived: flag(), draft: flag(), enabled: flag() },
        ...{ has_post_launch_draft: flag(), name: text(), description: text() },
        schedule_type: oneOf(['api', 'api_triggered']),
        channels: list(text()),
        ...{ first_sent: orNull(time()), last_sent: orNull(time()), tags: tagNames, teams: list(text()) },
        messages: map(
          answered({ channel: text(), name: text(), weight: optional(number('Its share of the people.')) }),
          'By id of the variation.',
        ),
        control_share: optional(number('The share of the people who get nothing.')),
        conversion_behaviors: list(map()),
      }),
    },
    errors: ['unknown_campaign_id'],
    example: { query: { campaign_id: 'spring' } },
  },
  'GET /campaigns/data_series': {
    summary: 'Read what a campaign has sent, by day',
    tag: 'Campaigns',
    query: { campaign_id: campaignId, ...seriesQuery },
    answer: { status: 200, schema: seriesOf('variation_api_id') },
    errors: ['unknown_campaign_id', 'invalid_length'],
    example: { query: { campaign_id: 'spring', length: '7' } },
  },
};

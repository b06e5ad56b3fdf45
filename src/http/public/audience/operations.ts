import { channelKeys } from '../../../channels/channel.ts';
import { requiredStates } from '../../../people/consent/required-state.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  flag,
  given,
  integer,
  like,
  list,
  map,
  oneOf,
  optional,
  orNull,
  text,
  time,
} from '../../openapi/schema.ts';
import { success, warnings } from '../../openapi/shared.ts';
import { brazeId, externalId } from '../report-schemas.ts';
import { audience } from '../target-schemas.ts';
import { aliasGiven } from '../users/person-schemas.ts';

const targets = {
  segment_id: text('Id of a segment.'),
  filter: like(
    { AND: [{ external_user_id: { comparison: 'equals', value: 'ada' } }] },
    map(null, 'The draft of a segment, in the place of `segment_id`.'),
  ),
  audience,
};

export const operations: Operations = {
  'POST /audience/preview': {
    summary: 'Count whom a segment or an audience describes',
    description: 'At least one of `segment_id`, `filter` and `audience` is needed. Other members are refused.',
    tag: 'Audiences',
    body: given({
      ...targets,
      recipient_subscription_state: oneOf(requiredStates, 'As in a send.'),
      channels: list(oneOf(channelKeys), 'The channels to count for. Default: all that need no group.'),
      subscription_group_ids: given(
        {
          sms: like(exampleIds.smsGroup, text('Id of a group for SMS.')),
          whats_app: like(exampleIds.whatsAppGroup, text('Id of a group for WhatsApp.')),
        },
        'The groups whose members count.',
      ),
    }),
    answer: {
      status: 201,
      schema: success({
        count: integer('People who are described.'),
        reachable: map(integer(), 'How many of them each channel reaches.'),
        sample: list(
          answered({
            ...{ external_id: externalId, braze_id: brazeId, first_name: orNull(text()), country: orNull(text()) },
            ...{ language: orNull(text()), email_subscribe: text(), push_subscribe: text() },
          }),
          'The first twenty.',
        ),
        took_ms: integer('Milliseconds.'),
        cresset: warnings,
      }),
    },
    errors: ['audience_too_expensive', 'invalid_subscription_group'],
    example: { body: { segment_id: exampleIds.segment, channels: ['email'] } },
  },
  'POST /audience/explain': {
    summary: 'Say why a person is, or is not, in a segment or an audience',
    description:
      'The person is named by one of `external_id`, `user_alias`, `braze_id`. At least one of `segment_id`, `filter` and `audience` is needed. Other members are refused.',
    tag: 'Audiences',
    body: given({
      ...targets,
      external_id: text('The person with this external id.'),
      user_alias: aliasGiven,
      braze_id: text('The person with this id of the server.'),
    }),
    answer: {
      status: 201,
      schema: success({
        external_id: externalId,
        braze_id: brazeId,
        evaluated_at: time(),
        targeted: flag(),
        reason: orNull(oneOf(['not_in_segment', 'not_in_audience'])),
        detail: orNull(text('The filter that said no, and what it found.')),
        segment: optional(anything('What each filter of the segment found.')),
        filter: optional(anything('What each filter of the draft found.')),
        audience: optional(anything('What each filter of the audience found.')),
        cresset: warnings,
      }),
    },
    errors: ['audience_too_expensive', 'not_found'],
    example: { body: { segment_id: exampleIds.segment, external_id: 'ada' } },
    moreBodies: {
      by_alias: { segment_id: exampleIds.segment, user_alias: { alias_name: 'visitor-7', alias_label: 'shop' } },
    },
  },
};

import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  either,
  flag,
  given,
  integer,
  like,
  list,
  map,
  optional,
  orNull,
  text,
  time,
} from '../../openapi/schema.ts';
import { minorErrors, success, warnings } from '../../openapi/shared.ts';
import { messageErrors, sendMembers, toAda } from '../messages-send/operations.ts';
import { brazeId, channel, externalId } from '../report-schemas.ts';

/** Members of a send that mean nothing where nothing is sent. */
const notHere = ['send_id', 'override_frequency_capping', 'override_messaging_limits'];
const members = Object.fromEntries(Object.entries(sendMembers).filter(([name]) => !notHere.includes(name)));

const call = {
  url: text('Without its query.'),
  status: orNull(integer('598: not made, 599: not answered. null: it may not be called.')),
  failure: orNull(text('null: there is a good answer.')),
};

const preview = answered({
  external_id: externalId,
  braze_id: brazeId,
  attributes_index: orNull(integer('The place in `attributes`. null: a stored person.')),
  channel,
  variation: orNull(
    answered(
      { id: text(), name: text(), in_control: flag('In the control group: the person gets nothing.') },
      'The variation of the campaign that the message is of.',
    ),
  ),
  status: text('`would_be_sent`, `would_be_held`, or why the person gets nothing.'),
  reason: orNull(text('The reason of that verdict.')),
  detail: orNull(text('More about the reason.')),
  held_until: optional(orNull(time('Of `would_be_held`.'))),
  address: orNull(text('Where it goes to.')),
  message: orNull(map(anything(), 'The rendered message, also for people who would not get it.')),
  problem: orNull(answered({ reason: text(), detail: orNull(text()) }, 'Why there is no message.')),
  missing: list(
    answered({ name: text(), paths: list(text(), 'The texts that read it.') }),
    'What templates read and the person does not have.',
  ),
  size: orNull(answered({ bytes: integer(), most_bytes: orNull(integer('null: no limit is known.')) })),
  segments: orNull(answered({ encoding: text('`GSM-7` or `UCS-2`.'), count: integer() }, 'Of texts for phones.')),
  warnings: list(text()),
  extras: map(text(), 'What `message_extras` attaches to the send.'),
  calls: list(answered({ method: text(), ...call, took_ms: integer() }), 'Calls of connected content.'),
  campaign: orNull(answered({ id: text(), name: text() })),
});

export const operations: Operations = {
  'POST /messages/preview': {
    summary: 'Show messages as people would get them',
    description:
      'Renders as a send does, and neither stores nor sends. Messages are given, or those of an API-triggered campaign. Without people, one of whom nothing is known is taken.',
    tag: 'Messages',
    body: given({
      ...members,
      attributes: like(
        { first_name: 'Ada' },
        either(
          'A person who is not stored, with attributes as in `/users/track`; or a list of up to 20.',
          map(null),
          list(map(null)),
        ),
      ),
      trigger_properties: map(null, 'What `{{api_trigger_properties.${…}}}` reads.'),
      sample_size: integer('How many people of a segment or an audience are taken. Default: 3.', { min: 1, max: 20 }),
      check_links: flag('Whether the links in the messages are called, at most 20.'),
    }),
    answer: {
      status: 201,
      schema: success({
        targeted: integer('People who are meant, without those in `attributes`.'),
        refused: list(anything(), 'Named people who are unknown or outside of the audience, as in a dry run.'),
        previews: list(preview, 'One for each person and channel.'),
        links: optional(
          list(
            answered({
              url: text(),
              status: orNull(integer('The answer. null: it may not be called from here.')),
              failure: orNull(text('Why it cannot be reached. null: it can.')),
            }),
          ),
        ),
        errors: minorErrors,
        cresset: warnings,
      }),
    },
    errors: [...messageErrors, 'unknown_campaign_id', 'too_many_ids'],
    example: { body: toAda },
    moreBodies: {
      inline: { messages: toAda.messages, attributes: [{ first_name: 'Ada' }, {}] },
      sample: { messages: toAda.messages, segment_id: exampleIds.segment, sample_size: 2 },
    },
  },
};

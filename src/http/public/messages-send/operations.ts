import { deliveryModes } from '../../../dispatch/plan/send-plan.ts';
import { requiredStates } from '../../../people/consent/required-state.ts';
import { maxAliasBytes } from '../../../people/profile/identifiers.ts';
import { quietActions, quietGroups } from '../../../workspace/rules/quiet-hours.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import {
  either,
  flag,
  given,
  integer,
  like,
  list,
  type Members,
  number,
  oneOf,
  optional,
  required,
  type Schema,
  text,
} from '../../openapi/schema.ts';
import { minorErrors, success, warnings } from '../../openapi/shared.ts';
import { dispatchId, dryRunMembers } from '../report-schemas.ts';
import { audience } from '../target-schemas.ts';
import { messages } from './schemas/messages.ts';
import { whatsAppExamples } from './schemas/whats-app-examples.ts';

export const broadcast = flag('Whether to send to everybody who is described. Required without names.');
export const campaignId = text('The campaign under which it is counted.');
export const sendId = like(
  'spring-monday',
  text('The send id under which it is counted; `campaign_id` is needed, too.'),
);

const timeOfDay = { pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' };

const ourMembers: Members = {
  dry_run: flag('Whether to say who would get what, and to send nothing.'),
  delivery: oneOf(deliveryModes, 'What happens when a crash leaves open whether a message went out.'),
  quiet_hours: given(
    {
      from: required(like('22:00', text('Time of day in the zone of each person.', timeOfDay))),
      until: required(like('07:00', text('Not within the window itself.', timeOfDay))),
      action: oneOf(quietActions, 'What becomes of a message within the window. Usual: `hold`.'),
      channels: list(oneOf(quietGroups), 'Usual: all.'),
    },
    'Hours in which nobody gets the message. A list of windows is read, too.',
  ),
  pace: given(
    {
      per_minute: required(integer('Messages of each channel that are begun in a minute.', { min: 1, max: 500_000 })),
      ramp: given({ from: required(integer()), minutes: required(integer()) }, 'How it begins.'),
    },
    'How fast the messages go out.',
  ),
  canary: given(
    {
      percent: number('How much of the audience gets it first.', { min: 0.01, max: 50 }),
      most_bounced_percent: number(),
      most_failed_percent: number(),
      most_complained_percent: number(),
      watch_minutes: integer('For how long they are watched.', { max: 1_440 }),
    },
    'Sends to a part of the audience first; the rest goes out only if that went well. Needs a broadcast.',
  ),
};
const WHAT = 'What only Cresset has. Other members are refused.';

/** Our own options. */
export const cresset = given(ourMembers, WHAT);

/** Those of a send, which is counted as it is accepted. */
const ofSend = given(
  { ...ourMembers, at_most: integer('Most people that a broadcast may be for. More are refused.', { min: 1 }) },
  WHAT,
);

/** The body of a send, without `schedule`. */
export const sendMembers: Members = {
  external_user_ids: list(like('ada', text()), 'Whom to send to. An element that is no text is left out.'),
  user_aliases: list(
    given({
      alias_name: text(`Of at most ${maxAliasBytes} bytes.`),
      alias_label: text(`Of at most ${maxAliasBytes} bytes.`),
    }),
    'Whom to send to. An element that is wrong is left out.',
  ),
  segment_id: like(exampleIds.segment, text('Whom to send to, or who of the named people gets it.')),
  audience,
  broadcast,
  campaign_id: like('spring', campaignId),
  send_id: sendId,
  override_frequency_capping: flag('Whether frequency caps do not count.'),
  override_messaging_limits: flag('Another name of `override_frequency_capping`.'),
  recipient_subscription_state: oneOf(requiredStates, 'Which subscription state a person must have.'),
  messages,
  cresset,
};

const remarks = { errors: minorErrors, cresset: warnings };
export const accepted = success({
  dispatch_id: dispatchId,
  send_id: optional(text('The send id.')),
  ...remarks,
});
export const rehearsed = success({ ...dryRunMembers, ...remarks });
export const acceptedOrRehearsed: Schema = either('Of a dry run: who would get what.', accepted, rehearsed);

/** The codes of errors of messages. */
export const messageErrors = [
  ...([
    'no_recipients',
    'no_message',
    'too_many_names',
    'invalid_campaign',
    'variant_unspecified',
    'invalid_variant',
  ] as const),
  ...(['mismatched_message_type', 'invalid_extra', 'apple_push_too_long', 'android_push_too_long'] as const),
  ...(['invalid_subscription_group', 'audience_too_expensive'] as const),
];

const webhook = { url: 'https://example.com/hook', request_method: 'POST', body: 'Hi {{${first_name}}}' };
const email = { app_id: exampleIds.app, subject: 'Hi {{${first_name}}}', body: '<p>Hello!</p>' };
export const toAda = { external_user_ids: ['ada'], messages: { webhook } };
const sendToAda = (messages: object) => ({ external_user_ids: ['ada'], messages: messages as never });

/** Bodies of every channel, by name. */
export const messageExamples = {
  email: sendToAda({ email }),
  android_push: sendToAda({ android_push: { alert: 'Hello!', title: 'Acme' } }),
  android_conversation: sendToAda({
    android_push: {
      alert: 'Hello!',
      title: 'Acme',
      conversation_data: {
        shortcut_id: 'chat-1',
        reply_person_id: 'p1',
        messages: [{ text: 'Hello!', timestamp: 1_773_576_000, person_id: 'p1' }],
        persons: [{ id: 'p1', name: 'Bob' }],
      },
    },
  }),
  apple_push: sendToAda({ apple_push: { alert: { title: 'Acme', body: 'Hello!' }, badge: 1 } }),
  kindle_push: sendToAda({ kindle_push: { alert: 'Hello!', title: 'Acme' } }),
  web_push: sendToAda({ web_push: { alert: 'Hello!', title: 'Acme' } }),
  sms: sendToAda({ sms: { app_id: exampleIds.app, subscription_group_id: exampleIds.smsGroup, body: 'Hello!' } }),
  content_card: sendToAda({
    content_card: { type: 'CLASSIC', title: 'Acme', description: 'Hello!', time_to_live: 3_600 },
  }),
  ...Object.fromEntries(Object.entries(whatsAppExamples).map(([name, whats_app]) => [name, sendToAda({ whats_app })])),
};

export const operations: Operations = {
  'POST /messages/send': {
    summary: 'Send messages to named people, a segment or an audience',
    description:
      'The people are those that are named, or everybody whom segment and audience describe. Members of other endpoints are refused.',
    tag: 'Messages',
    body: given({ ...sendMembers, cresset: ofSend }),
    answer: { status: 201, schema: acceptedOrRehearsed },
    errors: [...messageErrors, 'idempotency_conflict', 'idempotency_running', 'queue_full'],
    example: { body: toAda },
    moreBodies: {
      ...messageExamples,
      broadcast: {
        segment_id: exampleIds.segment,
        broadcast: true,
        campaign_id: 'spring',
        messages: { email: { ...email, message_variation_id: 'mail' } },
      },
      dry_run: { ...toAda, cresset: { dry_run: true } },
    },
  },
};

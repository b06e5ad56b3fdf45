import type { ErrorCode } from '../../../errors.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  either,
  flag,
  given,
  like,
  list,
  map,
  optional,
  required,
  type Schema,
  text,
  time,
} from '../../openapi/schema.ts';
import { minorErrors, success, warnings } from '../../openapi/shared.ts';
import { schedule, scheduleId } from '../messages-schedule/operations.ts';
import { accepted, acceptedOrRehearsed, cresset, rehearsed, sendId } from '../messages-send/operations.ts';
import { attachments } from '../messages-send/schemas/others.ts';
import { dispatchId } from '../report-schemas.ts';
import { audience, audienceExample } from '../target-schemas.ts';
import { aliasGiven, prioritization } from '../users/person-schemas.ts';

const properties = (name: string) => map(null, `Read by templates as \`{{${name}.\${…}}}\`.`);
const trigger = properties('api_trigger_properties');
const canvas = properties('canvas_entry_properties');
const attributes = map(null, 'Attributes to store before the send, as in `/users/track`.');

const identifiers = {
  external_user_id: text('The person with this external id.'),
  user_alias: aliasGiven,
};
const allIdentifiers = {
  ...identifiers,
  braze_id: text('The person with this id of the server.'),
  email: like('ada@example.com', text('The person who has this address. Ignored beside another name.')),
  prioritization,
};
const recipients = (members: Record<string, Schema>) =>
  list(
    given(
      {
        ...allIdentifiers,
        ...members,
        attributes,
        send_to_existing_only: flag('Default: true. False makes a person who does not exist of `attributes`.'),
      },
      'A person, by exactly one name.',
    ),
    'Whom to send to.',
  );

const errors = [
  ...(['no_recipients', 'too_many_names', 'campaign_archived', 'campaign_paused', 'audience_too_expensive'] as const),
  ...(['idempotency_conflict', 'idempotency_running', 'queue_full'] as const),
];
const broadcast = flag('Whether to send to the segment of the campaign. Required without recipients.');
const ada = { recipients: [{ external_user_id: 'ada', trigger_properties: { order: 4711 } }] };

const byEmail = { recipients: [{ email: 'ada@example.com', prioritization: ['most_recently_updated'] }] };
const byAlias = { recipients: [{ user_alias: { alias_name: 'visitor-7', alias_label: 'shop' } }] };
const wide = (idMember: string) => ({
  broadcast: { [idMember]: 'welcome', broadcast: true, audience: audienceExample },
});

const scheduling = (name: string, idMember: 'campaign_id' | 'canvas_id', send: Operation): Operations => {
  const ids = { [idMember]: required(text('Id of the campaign.')), schedule_id: required(scheduleId) };
  const idErrors: readonly ErrorCode[] = [idMember === 'campaign_id' ? 'invalid_campaign' : 'unknown_canvas_id'];
  const example = { [idMember]: 'welcome', schedule_id: exampleIds.schedule };
  return {
    [`POST /${name}/trigger/schedule/create`]: {
      ...send,
      summary: `${send.summary}, later`,
      body: { ...send.body, ...scheduled(send.body ?? {}) },
      answer: {
        status: 201,
        schema: either(
          'Of a campaign that is paused or archived: a notice. Of a dry run: who would get what.',
          success({
            dispatch_id: dispatchId,
            schedule_id: text(),
            send_id: optional(text()),
            errors: minorErrors,
            cresset: warnings,
          }),
          rehearsed,
          success({ notice: text(), dispatch_id: dispatchId, schedule_id: text() }),
        ),
      },
      errors: [...errors, ...idErrors],
      example: { body: { ...send.example.body, schedule: later } },
      moreBodies: Object.fromEntries(
        Object.entries(send.moreBodies ?? {}).map(([word, body]) => [word, { ...body, schedule: later }]),
      ),
    },
    [`POST /${name}/trigger/schedule/update`]: {
      summary: 'Change when a scheduled trigger is sent',
      tag: 'Messages',
      body: given({ ...ids, schedule: required(schedule) }),
      answer: { status: 201, schema: success({ errors: minorErrors, cresset: warnings }) },
      errors: idErrors,
      example: { body: { ...example, schedule: later } },
    },
    [`POST /${name}/trigger/schedule/delete`]: {
      summary: 'Delete a scheduled trigger that has not been sent',
      tag: 'Messages',
      body: given(ids),
      answer: { status: 201, schema: success() },
      errors: idErrors,
      example: { body: example },
    },
  };
};
const later = { time: '2026-12-24T18:00:00Z' };

/** The same body with a schedule, which it needs. */
function scheduled({ properties, required: needed = [] }: Schema): Schema {
  return { properties: { ...properties, schedule }, required: [...needed, 'schedule'] };
}

const sending = {
  'POST /campaigns/trigger/send': {
    summary: 'Send the messages of an API-triggered campaign',
    tag: 'Messages',
    body: given({
      campaign_id: required(text('Id of the campaign.')),
      send_id: sendId,
      trigger_properties: trigger,
      broadcast,
      audience,
      recipients: recipients({ trigger_properties: trigger }),
      attachments,
      cresset,
    }),
    answer: { status: 201, schema: acceptedOrRehearsed },
    errors: [...errors, 'invalid_campaign'],
    example: { body: { campaign_id: 'welcome', ...ada } },
    moreBodies: {
      by_email: { campaign_id: 'welcome', ...byEmail },
      by_alias: { campaign_id: 'welcome', ...byAlias },
      ...wide('campaign_id'),
    },
  },
  'POST /canvas/trigger/send': {
    summary: 'Send the messages of an API-triggered campaign by the name of a Canvas',
    description: 'There are no Canvases; `canvas_id` may be the id of an API-triggered campaign.',
    tag: 'Messages',
    body: given({
      canvas_id: required(text('Id of the campaign.')),
      trigger_properties: trigger,
      canvas_entry_properties: canvas,
      context: canvas,
      broadcast,
      audience,
      recipients: recipients({ trigger_properties: trigger, canvas_entry_properties: canvas, context: canvas }),
      cresset,
    }),
    answer: {
      status: 201,
      schema: either(
        'Of a campaign that is paused or archived: a notice. Of a dry run: who would get what.',
        accepted,
        rehearsed,
        success({ notice: text(), dispatch_id: dispatchId }),
      ),
    },
    errors: [...errors, 'unknown_canvas_id'],
    example: { body: { canvas_id: 'welcome', ...ada } },
    moreBodies: {
      by_email: { canvas_id: 'welcome', ...byEmail },
      by_alias: { canvas_id: 'welcome', ...byAlias },
      ...wide('canvas_id'),
    },
  },
  'POST /transactional/v1/campaigns/:campaign_id/send': {
    summary: 'Send a transactional mail to one person',
    tag: 'Messages',
    params: { campaign_id: text('Id of the campaign.') },
    body: given({
      external_send_id: text('Stands for this request for 24 hours.', {
        maxLength: 255,
        pattern: '^[a-zA-Z0-9\\-_+/=]*$',
      }),
      trigger_properties: trigger,
      recipient: required(
        given({ ...identifiers, trigger_properties: trigger, attributes }, 'A person, by exactly one name.'),
      ),
      cresset,
    }),
    answer: {
      status: 201,
      schema: either(
        'Of a dry run: who would get what.',
        success({
          dispatch_id: dispatchId,
          status: text('Always `sent`, the original’s word for accepted.'),
          metadata: answered({
            ...{
              external_send_id: optional(text()),
              campaign_api_id: text(),
              received_at: time(),
              enqueued_at: time(),
            },
          }),
          errors: minorErrors,
          cresset: warnings,
        }),
        rehearsed,
      ),
    },
    errors: [...errors, 'unknown_campaign', 'not_transactional', 'external_send_running'],
    example: {
      params: { campaign_id: 'receipt' },
      body: {
        external_send_id: 'order-4711',
        recipient: { external_user_id: 'ada' },
        trigger_properties: { order: 4711 },
      },
    },
    moreBodies: { by_alias: { recipient: byAlias.recipients[0] as never } },
  },
} satisfies Operations;

export const operations: Operations = {
  ...sending,
  ...scheduling('campaigns', 'campaign_id', sending['POST /campaigns/trigger/send']),
  ...scheduling('canvas', 'canvas_id', sending['POST /canvas/trigger/send']),
};

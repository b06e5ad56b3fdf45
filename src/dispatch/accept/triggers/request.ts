import { own, type RawObject } from '../../../lib/raw/json.ts';
import { isGiven, readFlag } from '../../../lib/raw/lenient.ts';
import type { Problems } from '../../../lib/raw/problems.ts';
import { WatchedReader } from '../../../lib/raw/watched-reader.ts';
import { elsewhereOfTriggers } from '../elsewhere.ts';
import { oldCredentials } from '../old-credentials.ts';
import { type PlanOptions, readOurOptions } from '../our-options.ts';
import { readAudience, readId, refuseForeignKeys } from '../request.ts';
import { readTriggerAttachments } from './attachments.ts';
import { readProperties } from './properties.ts';
import { allIdentifiers, type RecipientForm, readRecipients, type TriggerRecipient } from './recipients.ts';

/** The body of a trigger after coercion. Nothing has been looked up yet. Source: adjacent-endpoints.md §4.5. */
export interface TriggerRequest {
  sendId: string | null;
  audience: RawObject | null;
  broadcast: boolean;
  properties: RawObject | null;
  recipients: TriggerRecipient[];
  /** Files that are added to the campaign's messages. */
  attachments: readonly object[];
  dryRun: boolean;
  options: PlanOptions;
}

/** How one endpoint's bodies are read. */
export interface TriggerForm {
  /** The member with the id of what is triggered. null: the path has it. */
  idMember: 'campaign_id' | 'canvas_id' | null;
  recipients: RecipientForm;
}

export const campaignForm: TriggerForm = {
  idMember: 'campaign_id',
  recipients: { identifiers: allIdentifiers, properties: ['trigger_properties'] },
};

/** Older clients write `trigger_properties` and `canvas_entry_properties`. Source: more-endpoints.md §3.3. */
export const canvasForm: TriggerForm = {
  idMember: 'canvas_id',
  recipients: { identifiers: allIdentifiers, properties: ['trigger_properties', 'canvas_entry_properties', 'context'] },
};

const elsewhere = 'name people in recipients';
const foreignKeys: ReadonlyMap<string, string> = new Map([
  ['external_user_ids', `belongs to /messages/send; ${elsewhere}`],
  ['user_aliases', `belongs to /messages/send; ${elsewhere}`],
  ['recipient', `belongs to the transactional endpoint; ${elsewhere}`],
  ['segment_id', 'is not known here; the segment is that of the campaign'],
  ['segment_ids', 'is not known here; the segment is that of the campaign'],
  ['messages', 'belongs to /messages/send; the messages are those of the campaign'],
  ['schedule', 'belongs to the schedule endpoints; remove it'],
  ['attributes', `belongs to each recipient; ${elsewhere}`],
]);
const noAttachments = ['attachments', 'belongs to /campaigns/trigger/send and its schedules'] as const;

/** Checks the types of the top level and of each recipient. Files its problems under stage `type`. */
export function readTriggerRequest(raw: RawObject, form: TriggerForm, problems: Problems): TriggerRequest {
  const body = new WatchedReader(raw, '', problems);
  body.explain(elsewhereOfTriggers);
  body.ignore([...oldCredentials, ...(form.idMember === null ? [] : [form.idMember])]);
  const takesAttachments = form.idMember === 'campaign_id';
  refuseForeignKeys(body, raw, takesAttachments ? foreignKeys : new Map([...foreignKeys, noAttachments]));
  if (takesAttachments) body.ignore(['attachments']);
  return {
    sendId: form.idMember === 'campaign_id' ? readId(body, 'send_id') : null,
    audience: readAudience(body),
    broadcast: body.scalar('broadcast', readFlag) ?? false,
    properties: readProperties(body, form.recipients.properties),
    recipients: readRecipients(body, 'recipients', form.recipients),
    attachments: takesAttachments ? readTriggerAttachments(raw, problems) : [],
    ...readOurOptions(body),
  };
}

const transactionalRecipient: RecipientForm = {
  identifiers: ['external_user_id', 'user_alias'],
  properties: ['trigger_properties'],
  alwaysCreates: true,
};
const externalSendId = /^[a-zA-Z0-9\-_+/=]{1,255}$/;
const transactionalForeignKeys: ReadonlyMap<string, string> = new Map([
  ['recipients', 'belongs to the trigger endpoints; name one person in recipient'],
  ['audience', 'belongs to the trigger endpoints; name one person in recipient'],
  ['broadcast', 'belongs to the trigger endpoints; name one person in recipient'],
  ...[...foreignKeys].filter(([key]) => key !== 'recipient'),
  noAttachments,
]);

/** Reads the body of a transactional send. Source: adjacent-endpoints.md §4.4. */
export function readTransactionalRequest(raw: RawObject, problems: Problems): TriggerRequest {
  const body = new WatchedReader(raw, '', problems);
  body.explain(elsewhereOfTriggers);
  body.ignore(oldCredentials);
  refuseForeignKeys(body, raw, transactionalForeignKeys);
  const recipients = readRecipients(body, 'recipient', transactionalRecipient);
  if (recipients.length > 1) body.refuse('recipient', `expected one person, got ${recipients.length}`);
  body.ignore(['external_send_id']);
  readExternalSendId(raw, problems);
  return {
    sendId: null,
    audience: null,
    broadcast: false,
    properties: readProperties(body, transactionalRecipient.properties),
    recipients,
    attachments: [],
    ...readOurOptions(body),
  };
}

/** Reads `external_send_id`. null: there is none, or it is wrong. */
export function readExternalSendId(raw: RawObject, problems: Problems): string | null {
  const value = own(raw, 'external_send_id');
  if (!isGiven(value)) return null;
  if (typeof value === 'string' && externalSendId.test(value)) return value;
  problems.add('type', 'external_send_id', 'expected 1 to 255 letters, digits or any of -_+/=');
  return null;
}

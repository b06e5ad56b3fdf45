import { channelKeys } from '../../channels/channel.ts';

const times = [
  ...['send_at', 'scheduled_at', 'schedule_at', 'scheduled_time', 'schedule_time', 'send_time', 'deliver_at'],
  ...['start_at', 'time', 'in_local_time', 'at_optimal_time'],
];
const keys = ['idempotency_key', 'idempotencyKey', 'request_id', 'dedupe_key', 'deduplication_id'];
const people = ['user_ids', 'user_id', 'users', 'external_id', 'external_ids', 'to', 'emails'];
const ofMessages = ['subject', 'from', 'body', 'title', 'alert', 'html', 'text', 'message', 'template_id'];

function each(names: readonly string[], words: string): [string, string][] {
  return names.map((name) => [name, words]);
}

function later(endpoint: string): string {
  return `times stand in schedule: { "time": … } of POST ${endpoint}; without it, the message goes out now`;
}

const everywhere = each(keys, 'a request that is to count once has the header Idempotency-Key');

/** What is often written into the body of a send, and where it belongs. */
export const elsewhereOfSends: ReadonlyMap<string, string> = new Map([
  ...everywhere,
  ...each(times, later('/messages/schedule/create')),
  ...each([...people, 'recipient'], 'people are named in external_user_ids or user_aliases'),
  ...each([...ofMessages, 'email_template_id'], 'it belongs into the message of a channel'),
  ...each(channelKeys, 'the messages of channels stand in messages'),
  ...each(['api_trigger_properties', 'properties'], 'only triggers have properties: POST /campaigns/trigger/send'),
]);

/** The same of triggers. */
export const elsewhereOfTriggers: ReadonlyMap<string, string> = new Map([
  ...everywhere,
  ...each(times, later('/campaigns/trigger/schedule/create')),
  ...each(people, 'people are named in recipients'),
  ...each([...ofMessages, ...channelKeys], 'the messages are those of the campaign'),
  ...each(['api_trigger_properties', 'properties', 'data'], 'the properties of a trigger stand in trigger_properties'),
]);

import type { Fields, Templated } from '../fields.ts';
import { requiredText } from '../push/fields.ts';

export interface Conversation {
  shortcut_id: string;
  reply_person_id: string;
  messages: { text: string; timestamp: Templated<number>; person_id: string }[];
  persons: { id: string; name: string }[];
}

/**
 * Reads the conversation. Every person that a message names must be in `persons`. Source: messaging-objects.md §2.1.
 */
export function readConversation(message: Fields): Conversation | undefined {
  const fields = message.object('conversation_data');
  if (fields === undefined) return undefined;
  const persons = requiredList(fields, 'persons').map((person) => ({
    id: requiredText(person, 'id'),
    name: requiredText(person, 'name'),
  }));
  const known = new Set(persons.map(({ id }) => id));
  const personId = (reader: Fields, key: string) => {
    const id = requiredText(reader, key);
    if (id !== '' && !known.has(id)) reader.problems.add('cross', reader.at(key), 'is not the id of one of persons');
    return id;
  };
  const messages = requiredList(fields, 'messages').map((one) => ({
    text: requiredText(one, 'text'),
    timestamp: requiredTimestamp(one),
    person_id: personId(one, 'person_id'),
  }));
  const shortcut_id = requiredText(fields, 'shortcut_id');
  return { shortcut_id, reply_person_id: personId(fields, 'reply_person_id'), messages, persons };
}

function requiredTimestamp(fields: Fields): Templated<number> {
  const timestamp = fields.integer('timestamp');
  if (timestamp === undefined) fields.require('timestamp', 'is required: Unix seconds');
  return timestamp ?? 0;
}

function requiredList(fields: Fields, key: string): Fields[] {
  const list = fields.objects(key);
  if (list === undefined || list.length === 0) fields.require(key);
  return list ?? [];
}

import { isObject, type RawObject } from '../../../lib/raw/json.ts';
import { objectOf } from '../../answers/provider-reply.ts';
import { digitsOf, shortText, timeOf } from './values.ts';

/** A message from a person to one of our numbers. */
export interface Inbound {
  kind: 'message';
  wamid: string;
  /** The time of the message, not of its callback. null: Meta does not say. */
  at: Date | null;
  /** The person's number in Meta's form. null: Meta hides it. */
  from: string | null;
  /** Meta's id of the person, if it has one. */
  userId: string | null;
  /** Such as `text`, `button`, `interactive`, `reaction`, `unsupported`. */
  type: string;
  /** What the person wrote, or the title of what they chose. null: neither. */
  text: string | null;
  /** The id of the button or row that they chose, or its payload. null: none. */
  choice: string | null;
  /** Meta's id of our message that this answers. null: none. */
  answers: string | null;
  profileName: string | null;
}

/** null: it does not say which message it is. */
export function readInbound(item: RawObject, change: RawObject): Inbound | null {
  const wamid = shortText(item.id);
  if (wamid === null) return null;
  const contact = contactOf(item, change);
  const type = shortText(item.type) ?? 'unknown';
  return {
    kind: 'message',
    wamid,
    at: timeOf(item.timestamp),
    from: digitsOf(item.from) ?? digitsOf(contact.wa_id),
    userId: shortText(item.from_user_id) ?? shortText(contact.user_id),
    type,
    ...contentOf(type, item),
    answers: shortText(objectOf(item.context).id),
    profileName: shortText(objectOf(contact.profile).name),
  };
}

/** The contact that wrote this message. A callback may have the messages of several. */
function contactOf({ from, from_user_id }: RawObject, { contacts }: RawObject): RawObject {
  const all = Array.isArray(contacts) ? contacts.filter(isObject) : [];
  const found = all.find(
    ({ wa_id, user_id }) =>
      (from !== undefined && wa_id === from) || (from_user_id !== undefined && user_id === from_user_id),
  );
  return found ?? (all.length === 1 && from === undefined && from_user_id === undefined ? (all[0] ?? {}) : {});
}

function contentOf(type: string, item: RawObject): Pick<Inbound, 'text' | 'choice'> {
  const content = objectOf(Object.hasOwn(item, type) ? item[type] : undefined);
  switch (type) {
    case 'text':
      return { text: longText(content.body), choice: null };
    case 'button':
      return { text: longText(content.text), choice: shortText(content.payload) };
    case 'interactive': {
      const { button_reply, list_reply, nfm_reply } = content;
      const chosen = objectOf(button_reply ?? list_reply);
      return {
        text: longText(chosen.title) ?? longText(objectOf(nfm_reply).response_json),
        choice: shortText(chosen.id),
      };
    }
    case 'reaction':
      // Without an emoji, the reaction was taken back.
      return { text: longText(content.emoji), choice: null };
    default:
      return { text: longText(content.caption), choice: null };
  }
}

const LONGEST = 4_096;

function longText(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, LONGEST) : null;
}

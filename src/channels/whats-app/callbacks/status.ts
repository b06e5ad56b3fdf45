import type { RawObject } from '../../../lib/raw/json.ts';
import { objectOf } from '../../answers/provider-reply.ts';
import { digitsOf, shortText, timeOf } from './values.ts';

/** What became of one of our messages. */
export interface Status {
  kind: 'status';
  /** Meta's id of the message. */
  wamid: string;
  /** Meta's word: `sent`, `delivered`, `read`, `failed`, or one that we do not know. */
  status: string;
  at: Date | null;
  /** The reference that the message was sent with. null: it came back without one. */
  reference: string | null;
  /** The number that got it, in Meta's form, which may differ from the one it was sent to. null: Meta hides it. */
  recipient: string | null;
  /** Meta's id of the person, if it has one. */
  userId: string | null;
  /** Meta's code of the failure. null: there was none. */
  code: number | null;
  said: string | null;
  category: string | null;
}

/** null: it does not say which message, or what became of it. */
export function readStatus(item: RawObject): Status | null {
  const [wamid, status] = [shortText(item.id), shortText(item.status)];
  if (wamid === null || status === null) return null;
  const { code, title, message, error_data } = objectOf(Array.isArray(item.errors) ? item.errors[0] : undefined);
  const words = [objectOf(error_data).details, message, title];
  return {
    kind: 'status',
    ...{ wamid, status },
    at: timeOf(item.timestamp),
    reference: shortText(item.biz_opaque_callback_data),
    recipient: digitsOf(item.recipient_id),
    userId: shortText(item.recipient_user_id) ?? shortText(item.user_id),
    code: typeof code === 'number' && Number.isSafeInteger(code) ? code : null,
    said: words.find((text) => typeof text === 'string') ?? null,
    category: shortText(objectOf(item.pricing).category),
  };
}

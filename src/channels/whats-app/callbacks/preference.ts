import type { RawObject } from '../../../lib/raw/json.ts';
import { digitsOf, shortText, timeOf } from './values.ts';

/** What a person told WhatsApp itself about our marketing messages. */
export interface Preference {
  kind: 'preference';
  from: string | null;
  userId: string | null;
  wants: 'stop' | 'resume';
  at: Date | null;
  said: string | null;
}

/** null: it is about something else than marketing messages, or says neither. */
export function readPreference(item: RawObject): Preference | null {
  const { category, value } = item;
  if (category !== 'marketing_messages' || (value !== 'stop' && value !== 'resume')) return null;
  return {
    kind: 'preference',
    from: digitsOf(item.wa_id),
    userId: shortText(item.user_id),
    wants: value,
    at: timeOf(item.timestamp),
    said: shortText(item.detail),
  };
}

import { isObject, type RawObject } from '../../../lib/raw/json.ts';
import { objectOf } from '../../answers/provider-reply.ts';
import { type Inbound, readInbound } from './inbound.ts';
import { type Preference, readPreference } from './preference.ts';
import { readStatus, type Status } from './status.ts';
import { shortText } from './values.ts';

/** Something that a callback says and we do not know. It is kept as it came. */
export interface Other {
  kind: 'other';
  /** The member that held it, such as `messages.errors`, or the field of a change, such as `account_update`. */
  field: string;
  value: unknown;
}

/** `numberId`: Meta's id of the business number. null: the callback names none. */
export type Said = (Status | Inbound | Preference | Other) & { numberId: string | null };

/**
 * Reads everything that a callback says, in its order: every status, message and preference of every change of every
 * entry. What is malformed is `other`, and the rest counts all the same. Never throws.
 * Source: Meta, "WhatsApp Cloud API: Webhooks"; messaging-objects.md §8.4.
 */
export function readCallback(body: RawObject): Said[] {
  const changes = arrayOf(body.entry).flatMap((entry) => arrayOf(objectOf(entry).changes));
  if (changes.length === 0) return [{ kind: 'other', field: 'entry', value: body, numberId: null }];
  return changes.flatMap((change) => {
    const { field, value } = objectOf(change);
    const name = shortText(field) ?? 'changes';
    if (!isObject(value)) return [{ kind: 'other', field: name, value: change, numberId: null } as const];
    const numberId = shortText(objectOf(value.metadata).phone_number_id);
    return readChange(name, value).map((said) => ({ ...said, numberId }));
  });
}

type Reader = (item: RawObject, change: RawObject) => Status | Inbound | Preference | null;

const readers: Readonly<Record<string, Reader>> = {
  statuses: readStatus,
  messages: readInbound,
  user_preferences: readPreference,
};

/** What a change tells about itself, beside what it says. */
const about: ReadonlySet<string> = new Set(['messaging_product', 'metadata', 'contacts']);

function readChange(field: string, value: RawObject): (Status | Inbound | Preference | Other)[] {
  const members = Object.keys(value).filter((name) => !about.has(name));
  // Changes of templates, accounts and the like are facts of their own, not lists of them.
  if (!members.some((name) => Object.hasOwn(readers, name))) return [{ kind: 'other', field, value }];
  return members.flatMap((name) => {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    return arrayOf(value[name]).map((item) => {
      const said = isObject(item) ? (reader?.(item, value) ?? null) : null;
      return said ?? { kind: 'other', field: `${field}.${name}`, value: item };
    });
  });
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

import { hash } from 'node:crypto';
import type { Inbound } from '../../channels/whats-app/callbacks/inbound.ts';
import { wishIn } from '../../channels/whats-app/callbacks/keywords.ts';
import type { Preference } from '../../channels/whats-app/callbacks/preference.ts';
import type { Other, Said } from '../../channels/whats-app/callbacks/read.ts';
import type { Status } from '../../channels/whats-app/callbacks/status.ts';
import { STOPPED_MARKETING } from '../../channels/whats-app/providers/meta-errors.ts';
import type { FeedbackEvent, FeedbackKind } from '../../feedback/event.ts';
import type { SendReference } from '../../feedback/reference.ts';
import type { Json } from '../../lib/raw/json.ts';

/** What the server knows about what Meta says. */
export interface Known {
  now: Date;
  /** The send that a reference names. null: this server did not make it, or for another workspace. */
  sendOf(reference: string | null): SendReference | null;
  /** The number as it is stored, of one in Meta's form. null: Meta gave none. */
  phoneOf(digits: string | null): string | null;
  /** The subscription groups whose business number this is. */
  groupsOf(numberId: string | null): readonly string[];
}

/** The events that one thing of a callback makes. Pure. */
export function eventsOf(said: Said, known: Known): FeedbackEvent[] {
  switch (said.kind) {
    case 'status':
      return statusEvents(said, said.numberId, known);
    case 'message':
      return inboundEvents(said, said.numberId, known);
    case 'preference':
      return preferenceEvents(said, said.numberId, known);
    case 'other':
      return [otherEvent(said, known)];
  }
}

const kinds: ReadonlyMap<string, FeedbackKind> = new Map([
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['failed', 'failed'],
]);

/** Meta's server has the message, which its answer has said already. */
const steps: ReadonlySet<string> = new Set(['accepted', 'sent']);

/** The same status of a message counts once, however often it is told. The send is never found by the number. */
function statusEvents(status: Status, numberId: string | null, known: Known): FeedbackEvent[] {
  if (steps.has(status.status)) return [];
  const send = known.sendOf(status.reference);
  const code = status.code === null ? null : String(status.code);
  const event: FeedbackEvent = {
    ...base(known, status.at),
    eventId: [status.wamid, status.status, ...(code === null ? [] : [code])].join(' '),
    kind: kinds.get(status.status) ?? 'unknown',
    send,
    providerMessageId: status.wamid,
    ...{ code, text: status.said },
    detail: compact({
      ...{ status: status.status, message_id: status.wamid, category: status.category },
      ...{ user_id: status.userId, recipient_id: status.recipient },
    }),
  };
  if (status.code !== STOPPED_MARKETING) return [event];
  const optOut: FeedbackEvent = { ...event, eventId: `${status.wamid} opted_out`, kind: 'opted_out' };
  if (send !== null) return [event, optOut];
  return [event, ...ofGroups({ ...optOut, address: known.phoneOf(status.recipient) }, known.groupsOf(numberId))];
}

function inboundEvents(message: Inbound, numberId: string | null, known: Known): FeedbackEvent[] {
  const { wamid, type, text, choice } = message;
  const isFromPerson = !notWritten.has(type);
  const wish = isFromPerson && (type === 'text' || type === 'button') ? (wishIn(text) ?? wishIn(choice)) : null;
  const event: FeedbackEvent = {
    ...base(known, message.at),
    eventId: wamid,
    kind: isFromPerson ? 'replied' : 'unknown',
    providerMessageId: message.answers,
    address: known.phoneOf(message.from),
    text,
    detail: compact({
      ...{ type, choice, message_id: wamid, answers: message.answers, number_id: numberId },
      ...{ user_id: message.userId, from: message.from, profile_name: message.profileName },
    }),
  };
  if (wish === null) return [event];
  const kind = wish === 'opt_out' ? 'opted_out' : 'opted_in';
  return [event, ...ofGroups({ ...event, providerMessageId: null, kind }, known.groupsOf(numberId))];
}

/** Kinds of messages that a person did not write: news of a number, and a chat that was opened. */
export const notWritten: ReadonlySet<string> = new Set(['system', 'request_welcome']);

/** Resuming is no consent to a group that the person may never have joined, so it is only kept. */
function preferenceEvents(preference: Preference, numberId: string | null, known: Known): FeedbackEvent[] {
  const { wants, from, userId, at } = preference;
  const event: FeedbackEvent = {
    ...base(known, at),
    eventId: ['preference', from ?? userId, wants, numberId, at?.getTime()].join(' '),
    kind: wants === 'stop' ? 'opted_out' : 'unknown',
    address: known.phoneOf(from),
    text: preference.said,
    detail: compact({ wants, from, user_id: userId, number_id: numberId }),
  };
  return wants === 'stop' ? ofGroups(event, known.groupsOf(numberId)) : [event];
}

function otherEvent({ field, value }: Other, known: Known): FeedbackEvent {
  const text = JSON.stringify([field, value]);
  return {
    ...base(known, null),
    eventId: `other ${hash('sha256', text, 'hex')}`,
    kind: 'unknown',
    detail: { field, value: value as Json },
  };
}

/** One event for each group. Without a group, one that is kept. */
function ofGroups(event: FeedbackEvent, groups: readonly string[]): FeedbackEvent[] {
  if (groups.length === 0) return [{ ...event, eventId: `${event.eventId} no group` }];
  return groups.map((id) => ({ ...event, eventId: `${event.eventId} ${id}`, subscriptionGroupId: id }));
}

function base({ now }: Known, at: Date | null) {
  return {
    ...{ occurredAt: at ?? now, provider: 'whatsapp_cloud', channel: 'whats_app' as const },
    ...{ send: null, providerMessageId: null, address: null, code: null, text: null },
  };
}

function compact(detail: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(detail).filter((entry): entry is [string, string] => entry[1] !== null));
}

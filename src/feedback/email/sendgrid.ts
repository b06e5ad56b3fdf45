import { verify } from 'node:crypto';
import { verificationKey } from '../../channels/email/event-settings.ts';
import { REFERENCE } from '../../channels/email/smtp/relay-headers.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { FeedbackEvent, FeedbackKind } from '../event.ts';
import {
  type EventRequest,
  hashedId,
  isStale,
  listIn,
  mailEvent,
  type ReadEvents,
  sendNamedBy,
  textOf,
  timeOf,
} from './mail-event.ts';

const SIGNATURE = 'x-twilio-email-event-webhook-signature';
const TIMESTAMP = 'x-twilio-email-event-webhook-timestamp';

/** Source: Twilio SendGrid, "Event Webhook Reference", "Getting Started with the Event Webhook Security Features". */
export function readSendGrid(
  request: EventRequest,
  { public_key }: { public_key: string },
  parse: (raw: Buffer) => unknown,
): ReadEvents {
  const { headers, rawBody, now, secret } = request;
  const signature = headers[SIGNATURE];
  const timestamp = headers[TIMESTAMP];
  if (typeof signature !== 'string' || typeof timestamp !== 'string') return { refused: 'the signature is missing' };
  // The bytes as they came: the service ends its JSON with a line end, which is signed.
  const signed = Buffer.concat([Buffer.from(timestamp), rawBody]);
  const isGood = verify('sha256', signed, verificationKey(public_key), Buffer.from(signature, 'base64'));
  if (!isGood) return { refused: 'the signature is wrong' };
  if (isStale(timeOf(timestamp), now)) return { refused: 'the signature is too old' };
  return { events: listIn(parse(rawBody)).map((event) => eventOf(event, secret)) };
}

const kinds: ReadonlyMap<unknown, FeedbackKind> = new Map<unknown, FeedbackKind>([
  ['delivered', 'delivered'],
  ['deferred', 'deferred'],
  ['bounce', 'bounced'],
  ['dropped', 'failed'],
  ['spamreport', 'complained'],
  ['unsubscribe', 'opted_out'],
  ['group_unsubscribe', 'opted_out'],
  ['open', 'opened'],
  ['click', 'clicked'],
]);

function eventOf(event: RawObject, secret: EventRequest['secret']): FeedbackEvent {
  const { event: name, email, timestamp, sg_event_id, sg_message_id, reason, response, status } = event;
  const meaning = meaningOf(event);
  return mailEvent({
    eventId: textOf(sg_event_id) ?? hashedId(name, email, timestamp, sg_message_id),
    ...meaning,
    occurredAt: timeOf(timestamp),
    provider: 'sendgrid',
    send: sendNamedBy(secret, [event[REFERENCE]]),
    address: textOf(email),
    code: textOf(status),
    text: textOf(reason) ?? textOf(response),
    detail: { event: textOf(name), ...(textOf(event.url) !== null && { link: textOf(event.url) }) },
  });
}

/** A block is a refusal of the mail and not of the address. */
function meaningOf({
  event,
  type,
  reason,
  status,
  sg_machine_open,
}: RawObject): Pick<FeedbackEvent, 'kind' | 'permanent' | 'bot'> {
  const kind = kinds.get(event) ?? 'unknown';
  if (event === 'bounce') {
    if (type === 'blocked') return { kind: 'failed' };
    const isSoft = typeof status === 'string' && (status.startsWith('4') || status === '5.2.2');
    return { kind, permanent: !isSoft };
  }
  // It does not even try an address that has bounced before.
  if (event === 'dropped' && /^(bounced address|invalid)$/i.test(textOf(reason) ?? ''))
    return { kind: 'bounced', permanent: true };
  return kind === 'opened' && sg_machine_open === true ? { kind, bot: 'apple' } : { kind };
}

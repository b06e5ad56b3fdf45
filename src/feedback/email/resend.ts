import { createHmac, timingSafeEqual } from 'node:crypto';
import { REFERENCE_HEADER } from '../../channels/email/return-path.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { FeedbackEvent } from '../event.ts';
import {
  type EventRequest,
  isStale,
  listIn,
  mailEvent,
  objectIn,
  type ReadEvents,
  sendNamedBy,
  textOf,
  timeOf,
} from './mail-event.ts';

const TOLERANCE_MS = 300_000;

/** Source: Resend, "Webhooks"; Svix, "Verifying payloads manually". */
export function readResend(
  { headers, rawBody, now, secret }: EventRequest,
  { secret: signing }: { secret: string },
  parse: (raw: Buffer) => unknown,
): ReadEvents {
  const [id, timestamp, signatures] = ['svix-id', 'svix-timestamp', 'svix-signature'].map((name) => headers[name]);
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string')
    return { refused: 'the signature is missing' };
  const key = Buffer.from(signing.replace(/^whsec_/, ''), 'base64');
  const right = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest();
  if (
    !signatures
      .split(' ')
      .slice(0, 10)
      .some((one) => isSignature(one, right))
  )
    return { refused: 'the signature is wrong' };
  if (isStale(timeOf(timestamp), now, TOLERANCE_MS)) return { refused: 'the signature is too old' };
  return { events: [eventOf(objectIn(parse(rawBody)), id, secret)] };
}

function isSignature(text: string, right: Buffer): boolean {
  const [version, value = ''] = text.split(',');
  const given = Buffer.from(value, 'base64');
  return version === 'v1' && given.length === right.length && timingSafeEqual(given, right);
}

function eventOf({ type, created_at, data }: RawObject, id: string, secret: EventRequest['secret']): FeedbackEvent {
  const { email_id, to, headers, tags, bounce, click, failed } = objectIn(data);
  const references = listIn(headers).filter(
    ({ name }) => textOf(name)?.toLowerCase() === REFERENCE_HEADER.toLowerCase(),
  );
  const link = textOf(objectIn(click).link);
  return mailEvent({
    eventId: id,
    ...meaningOf(type, objectIn(bounce)),
    occurredAt: timeOf(created_at),
    provider: 'resend',
    send: sendNamedBy(secret, [...references.map(({ value }) => value), objectIn(tags).cresset_ref]),
    address: textOf([to].flat()[0]),
    code: textOf(objectIn(bounce).subType),
    text: textOf(objectIn(bounce).message) ?? textOf(objectIn(failed).reason),
    detail: { type: textOf(type), email_id: textOf(email_id), ...(link !== null && { link }) },
  });
}

function meaningOf(type: unknown, bounce: RawObject): Pick<FeedbackEvent, 'kind' | 'permanent'> {
  switch (type) {
    case 'email.delivered':
      return { kind: 'delivered' };
    case 'email.delivery_delayed':
      return { kind: 'deferred' };
    case 'email.bounced':
      return { kind: 'bounced', permanent: bounce.type === 'Permanent' };
    case 'email.complained':
      return { kind: 'complained' };
    case 'email.opened':
      return { kind: 'opened' };
    case 'email.clicked':
      return { kind: 'clicked' };
    case 'email.failed':
      return { kind: 'failed' };
    default:
      return { kind: 'unknown' };
  }
}

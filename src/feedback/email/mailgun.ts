import { createHmac, timingSafeEqual } from 'node:crypto';
import { REFERENCE } from '../../channels/email/smtp/relay-headers.ts';
import { isDeadAddress } from '../../channels/email/smtp/smtp-reply.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { Bot, FeedbackEvent } from '../event.ts';
import {
  type EventRequest,
  isStale,
  mailEvent,
  objectIn,
  type ReadEvents,
  sendNamedBy,
  textOf,
  timeOf,
} from './mail-event.ts';

type Meaning = Pick<FeedbackEvent, 'kind' | 'permanent' | 'bot'>;
/** It tries again for 8 hours. */
const OLDEST_SIGNATURE_MS = 86_400_000;

/** Source: Mailgun, "Securing webhooks", "Webhook payloads". */
export function readMailgun(
  { rawBody, now, secret }: EventRequest,
  { signing_key }: { signing_key: string },
  parse: (raw: Buffer) => unknown,
): ReadEvents {
  const body = objectIn(parse(rawBody));
  const { timestamp, token, signature } = objectIn(body.signature);
  const [time, once, given] = [textOf(timestamp), textOf(token), textOf(signature)];
  if (time === null || once === null || given === null) return { refused: 'the signature is missing' };
  const right = createHmac('sha256', signing_key).update(`${time}${once}`).digest();
  const theirs = Buffer.from(given, 'hex');
  if (theirs.length !== right.length || !timingSafeEqual(theirs, right)) return { refused: 'the signature is wrong' };
  if (isStale(timeOf(time), now, OLDEST_SIGNATURE_MS)) return { refused: 'the signature is too old' };
  return { events: [eventOf(objectIn(body['event-data']), once, secret)] };
}

/** The signature covers only its token, so the token names the event: no second content counts under it. */
function eventOf(data: RawObject, token: string, secret: EventRequest['secret']): FeedbackEvent {
  const status = objectIn(data['delivery-status']);
  const link = textOf(data.url);
  return mailEvent({
    eventId: token,
    ...meaningOf(data, status),
    occurredAt: timeOf(data.timestamp),
    provider: 'mailgun',
    send: sendNamedBy(secret, [objectIn(data['user-variables'])[REFERENCE], objectIn(data.envelope).sender]),
    address: textOf(data.recipient),
    code: textOf(status['enhanced-code']) ?? textOf(status.code),
    text: textOf(status.message) || textOf(status.description),
    detail: { event: textOf(data.event), reason: textOf(data.reason), ...(link !== null && { link }) },
  });
}

const bots: ReadonlyMap<unknown, Bot> = new Map<unknown, Bot>([
  ['apple', 'apple'],
  ['gmail', 'gmail'],
  ['generic', 'scanner'],
]);

function meaningOf(data: RawObject, status: RawObject): Meaning {
  const bot = bots.get(objectIn(data['client-info']).bot) ?? 'none';
  switch (data.event) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'failed':
      return data.severity === 'temporary' ? { kind: 'deferred' } : ofFailure(data.reason, status);
    case 'rejected':
      return { kind: 'failed' };
    case 'opened':
      return { kind: 'opened', bot };
    case 'clicked':
      return { kind: 'clicked', bot };
    case 'unsubscribed':
      return { kind: 'opted_out' };
    case 'complained':
      return { kind: 'complained' };
    default:
      return { kind: 'unknown' };
  }
}

function ofFailure(reason: unknown, status: RawObject): Meaning {
  if (reason === 'suppress-bounce') return { kind: 'bounced', permanent: true };
  const enhanced = textOf(status['enhanced-code']);
  const isDead =
    enhanced === null || !/^\d\.\d+\.\d+$/.test(enhanced)
      ? reason === 'bounce' && [550, 551, 553].includes(Number(status.code))
      : isDeadAddress(enhanced);
  return isDead ? { kind: 'bounced', permanent: true } : { kind: 'failed' };
}

import { REFERENCE_TAG } from '../../channels/email/smtp/relay-headers.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { FeedbackEvent } from '../event.ts';
import {
  type EventRequest,
  hashedId,
  mailEvent,
  objectIn,
  type ReadEvents,
  sendNamedBy,
  textOf,
  timeOf,
} from './mail-event.ts';

type Meaning = Pick<FeedbackEvent, 'kind' | 'permanent'>;
const dead: Meaning = { kind: 'bounced', permanent: true };

/** What the types of bounces mean. Others are kept without effect. Source: Postmark, "Bounce types". */
const bounceTypes: ReadonlyMap<unknown, Meaning> = new Map<unknown, Meaning>([
  ...['HardBounce', 'BadEmailAddress'].map((type): [string, Meaning] => [type, dead]),
  ...['SoftBounce', 'DnsError'].map((type): [string, Meaning] => [type, { kind: 'bounced' }]),
  ['Transient', { kind: 'deferred' }],
  ...['Blocked', 'SpamNotification', 'DMARCPolicy', 'SMTPApiError', 'VirusNotification', 'ManuallyDeactivated'].map(
    (type): [string, Meaning] => [type, { kind: 'failed' }],
  ),
  ['SpamComplaint', { kind: 'complained' }],
  ['Unsubscribe', { kind: 'opted_out' }],
]);

const suppressions: ReadonlyMap<unknown, Meaning> = new Map<unknown, Meaning>([
  ['HardBounce', dead],
  ['SpamComplaint', { kind: 'complained' }],
  ['ManualSuppression', { kind: 'opted_out' }],
]);

/** The credentials are checked before. Source: Postmark, "Webhooks overview". */
export function readPostmark({ rawBody, secret }: EventRequest, parse: (raw: Buffer) => unknown): ReadEvents {
  const record = objectIn(parse(rawBody));
  const { RecordType: type, ID, MessageID, Metadata } = record;
  const at = [record.DeliveredAt, record.BouncedAt, record.ReceivedAt, record.ChangedAt].find(
    (one) => one !== undefined,
  );
  const address = textOf(record.Recipient) ?? textOf(record.Email);
  const link = textOf(record.OriginalLink);
  const event = mailEvent({
    eventId: hashedId(type, ID, MessageID, address, at, link, record.SuppressSending),
    ...meaningOf(record),
    occurredAt: timeOf(at),
    provider: 'postmark',
    send: sendNamedBy(secret, [objectIn(Metadata)[REFERENCE_TAG]]),
    address,
    code: textOf(record.Type),
    text: textOf(record.Details) ?? textOf(record.Description),
    detail: { type: textOf(type), ...(link !== null && { link }) },
  });
  return { events: [event] };
}

function meaningOf({ RecordType, Type, SuppressSending, SuppressionReason }: RawObject): Meaning {
  switch (RecordType) {
    case 'Delivery':
      return { kind: 'delivered' };
    case 'Bounce':
      return bounceTypes.get(Type) ?? { kind: 'unknown' };
    case 'SpamComplaint':
      return { kind: 'complained' };
    case 'Open':
      return { kind: 'opened' };
    case 'Click':
      return { kind: 'clicked' };
    case 'SubscriptionChange':
      if (SuppressSending === false) return { kind: 'reactivated' };
      return suppressions.get(SuppressionReason) ?? { kind: 'unknown' };
    default:
      return { kind: 'unknown' };
  }
}

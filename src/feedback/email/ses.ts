import type { KeyObject } from 'node:crypto';
import { REFERENCE_HEADER } from '../../channels/email/return-path.ts';
import { REFERENCE_TAG } from '../../channels/email/smtp/relay-headers.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { FeedbackEvent, FeedbackKind } from '../event.ts';
import type { SendReference } from '../reference.ts';
import { listIn, mailEvent, objectIn, sendNamedBy, textOf, timeOf } from './mail-event.ts';

/** What is said of one recipient. */
interface Said extends Pick<FeedbackEvent, 'kind' | 'permanent'> {
  address: string | null;
  code?: string | null;
  text?: string | null;
}

/**
 * The events in one notification of SES. `id`: its id at SNS. A mail may have several recipients, of whom only those are
 * meant that the notification names. Source: Amazon SES, "Contents of event data", "Notification contents".
 */
export function readSes(content: RawObject, id: string, secret: KeyObject): FeedbackEvent[] {
  const type = textOf(content.eventType) ?? textOf(content.notificationType) ?? '';
  const mail = objectIn(content.mail);
  const about = objectIn(content[memberOf(type)]);
  const link = textOf(about.link);
  const send = sendOf(mail, secret);
  return saidOf(type, about, mail).map((said, index) =>
    mailEvent({
      eventId: index === 0 ? id : `${id} ${index}`,
      occurredAt: timeOf(about.timestamp ?? mail.timestamp),
      provider: 'ses',
      send,
      detail: {
        type,
        sub_type: textOf(about.bounceSubType) ?? textOf(about.complaintSubType),
        ...(link !== null && { link }),
      },
      ...said,
    }),
  );
}

/** `DeliveryDelay` → `deliveryDelay`. */
function memberOf(type: string): string {
  return type === 'Rendering Failure' ? 'failure' : type.slice(0, 1).toLowerCase() + type.slice(1);
}

/** SES replaces our Message-ID and our Date, and gives back our other headers and its tags. */
function sendOf(mail: RawObject, secret: KeyObject): SendReference | null {
  const tags = objectIn(mail.tags)[REFERENCE_TAG];
  const headers = listIn(mail.headers).filter(
    ({ name }) => textOf(name)?.toLowerCase() === REFERENCE_HEADER.toLowerCase(),
  );
  return sendNamedBy(secret, [...[tags].flat(), ...headers.map(({ value }) => value), mail.source]);
}

const simple: ReadonlyMap<string, FeedbackKind> = new Map([
  ['Reject', 'failed'],
  ['Rendering Failure', 'failed'],
  ['Open', 'opened'],
  ['Click', 'clicked'],
]);

function saidOf(type: string, about: RawObject, mail: RawObject): Said[] {
  switch (type) {
    case 'Bounce':
      return listIn(about.bouncedRecipients).map((recipient) => ofBounce(about, recipient));
    case 'Complaint':
      return listIn(about.complainedRecipients).map(({ emailAddress }) => ({
        kind: complaintKind(about),
        address: textOf(emailAddress),
        code: textOf(about.complaintFeedbackType),
      }));
    case 'Delivery':
      return textsIn(about.recipients).map((address) => ({
        kind: 'delivered',
        address,
        text: textOf(about.smtpResponse),
      }));
    case 'DeliveryDelay':
      return listIn(about.delayedRecipients).map(({ emailAddress, status, diagnosticCode }) => ({
        ...{ kind: 'deferred', address: textOf(emailAddress) },
        ...{ code: textOf(status), text: textOf(diagnosticCode) },
      }));
    default:
      return [
        {
          kind: simple.get(type) ?? 'unknown',
          address: textsIn(mail.destination)[0] ?? null,
          text: textOf(about.reason),
        },
      ];
  }
}

/** The account's own list of suppressed addresses says that nothing was sent, and nothing new of the address. */
const SUPPRESSED = 'OnAccountSuppressionList';

function ofBounce({ bounceType, bounceSubType }: RawObject, recipient: RawObject): Said {
  const said = {
    address: textOf(recipient.emailAddress),
    code: textOf(recipient.status),
    text: textOf(recipient.diagnosticCode),
  };
  if (bounceSubType === SUPPRESSED) return { kind: 'failed', ...said };
  return { kind: 'bounced', permanent: bounceType === 'Permanent', ...said };
}

function complaintKind({ complaintSubType, complaintFeedbackType }: RawObject): FeedbackKind {
  if (complaintSubType === SUPPRESSED) return 'failed';
  return complaintFeedbackType === 'not-spam' ? 'unknown' : 'complained';
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

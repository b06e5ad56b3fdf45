import type { KeyObject } from 'node:crypto';
import { REFERENCE_HEADER } from '../../channels/email/return-path.ts';
import { isDeadAddress } from '../../channels/email/smtp/smtp-reply.ts';
import type { Db } from '../../db/database.ts';
import { locateSends } from '../../dispatch/ledger/feedback/located-sends.ts';
import type { Clock } from '../../lib/clock.ts';
import { wireAddress } from '../../lib/email-address.ts';
import type { FeedbackEvent, FeedbackKind } from '../event.ts';
import type { SendReference } from '../reference.ts';
import { type FeedbackDeps, takeFeedback } from '../take.ts';
import { hashedId, mailEvent, sendNamedBy, timeOf } from './mail-event.ts';
import { type FieldGroup, type ReturnedMail, readReturnedMail } from './returned-mail.ts';

export interface MailIntakeDeps extends FeedbackDeps {
  db: Db;
  clock: Clock;
  /** Reads references. */
  secret: KeyObject;
}

/** Why a mail had no effect. null: it was taken. */
export type Ignored = 'not_a_report' | 'no_reference' | null;

/**
 * Takes in a bounce mail or a complaint. `recipients`: where it came to. Resolves after the commit. What is no report, or names
 * no send of ours by a signed reference, has no effect; nothing is guessed. Source: messaging-objects.md §6.7.
 */
export async function takeMail(deps: MailIntakeDeps, recipients: readonly string[], raw: Buffer): Promise<Ignored> {
  const mail = await readReturnedMail(raw).catch(() => null);
  if (mail === null || (mail.status === null && mail.complaint === null)) return 'not_a_report';
  const send = sendNamedBy(deps.secret, [
    ...recipients,
    mail.status?.message.get('original-envelope-id'),
    mail.original.get(REFERENCE_HEADER.toLowerCase()),
    mail.complaint?.get('original-mail-from'),
  ]);
  if (send === null) return 'no_reference';
  const address = await addressOf(deps.db, send);
  const now = deps.clock.now();
  const events = mail.complaint === null ? bounces(mail, send, address) : [complaint(mail.complaint, send)];
  if (events.length === 0) return 'not_a_report';
  await takeFeedback(
    deps,
    send.workspaceId,
    events.map((event) => ({
      ...event,
      occurredAt: Number.isNaN(event.occurredAt.getTime()) ? now : event.occurredAt,
    })),
  );
  return null;
}

/** Where our mail went. null: it is not known, or not any more. */
async function addressOf(db: Db, { workspaceId: _, ...key }: SendReference): Promise<string | null> {
  const [found] = (await locateSends(db, [key])).values();
  return found?.address ?? null;
}

function bounces({ status }: ReturnedMail, send: SendReference, address: string | null): FeedbackEvent[] {
  return (status?.recipients ?? []).map((fields) => {
    const code = /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(fields.get('status') ?? '')?.[0] ?? null;
    const isOurs = address === null || recipientsOf(fields).some((one) => isSameAddress(one, address));
    return mailEvent({
      eventId: hashedId(send, [...fields]),
      // Of a forwarded mail or a copy, it is another address that is dead.
      ...(isOurs ? meaningOf(fields.get('action'), code) : { kind: 'unknown' }),
      occurredAt: timeOf(fields.get('last-attempt-date')),
      provider: 'smtp',
      send,
      code,
      text: fields.get('diagnostic-code')?.replace(/^smtp;\s*/i, '') ?? null,
      detail: { action: fields.get('action') ?? null, ...(!isOurs && { said_of: 'another address' }) },
    });
  });
}

/** The addresses in a group, without their types. Source: RFC 3464 §2.3.1, §2.3.2. */
function recipientsOf(fields: FieldGroup): string[] {
  return ['original-recipient', 'final-recipient'].flatMap((name) => {
    const [, address = ''] = /^[^;]{1,40};\s*<?([^>]*)>?$/.exec(fields.get(name) ?? '') ?? [];
    return address === '' ? [] : [address.trim()];
  });
}

function isSameAddress(one: string, other: string): boolean {
  return wireAddress(one).toLowerCase() === wireAddress(other).toLowerCase();
}

const informed: ReadonlyMap<string, FeedbackKind> = new Map([
  ['delayed', 'deferred'],
  ['delivered', 'delivered'],
  ['relayed', 'delivered'],
  ['expanded', 'delivered'],
]);

function meaningOf(action: string | undefined, code: string | null): Pick<FeedbackEvent, 'kind' | 'permanent'> {
  const word = action?.toLowerCase() ?? '';
  if (word !== 'failed') return { kind: informed.get(word) ?? 'unknown' };
  if (code !== null && isDeadAddress(code)) return { kind: 'bounced', permanent: true };
  return { kind: code === '5.2.2' ? 'bounced' : 'failed' };
}

const complaintKinds: ReadonlyMap<string, FeedbackKind> = new Map([
  ...['abuse', 'fraud', 'virus'].map((type): [string, FeedbackKind] => [type, 'complained']),
  ['opt-out', 'opted_out'],
  ['opt-out-list', 'opted_out'],
]);

/** What is not known, such as `not-spam` and reports on authentication, has no effect. Source: RFC 5965 §3, RFC 6430. */
function complaint(fields: FieldGroup, send: SendReference): FeedbackEvent {
  const type = fields.get('feedback-type')?.toLowerCase() ?? '';
  return mailEvent({
    eventId: hashedId(send, 'complaint', type),
    kind: complaintKinds.get(type) ?? 'unknown',
    occurredAt: timeOf(fields.get('arrival-date') ?? fields.get('received-date')),
    provider: 'smtp',
    send,
    code: type,
    detail: { agent: fields.get('user-agent')?.slice(0, 200) ?? null },
  });
}

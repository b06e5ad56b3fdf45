import { isEmailAddress, readMailbox } from '../../lib/email-address.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { type MailAttachment, readAttachments } from './attachments/schema.ts';
import { encodeStructured, isStructured, UNWRITABLE } from './mime/structured-header.ts';

/** The object under `email` in a request. Source: messaging-objects.md §6.1. */
export interface EmailMessage {
  app_id: string;
  subject?: string | undefined;
  from?: string | undefined;
  reply_to?: string | undefined;
  /** Who gets a copy: one of the workspace's BCC addresses. */
  bcc?: string | undefined;
  body?: string | undefined;
  plaintext_body?: string | undefined;
  preheader?: string | undefined;
  email_template_id?: string | undefined;
  message_variation_id?: string | undefined;
  extras?: Record<string, unknown> | undefined;
  headers?: Record<string, string> | undefined;
  should_inline_css?: Templated<boolean> | undefined;
  attachments?: readonly MailAttachment[] | undefined;
  cresset?: MailOptions | undefined;
}

/** What the original has no member for. Absent: as the workspace has it. */
export interface MailOptions {
  track_opens?: boolean | undefined;
  track_clicks?: boolean | undefined;
}

export const NO_REPLY_TO = 'NO_REPLY_TO';
/** What no header may hold. */
export const LINE_BREAK = /[\r\n\0]/;
const MAX_BODY_BYTES = 400 * 1024;
export const MAX_EXTRAS_BYTES = 1_024;

const reservedHeaders = new Set(
  [
    'BCC',
    'CC',
    'Content-Transfer-Encoding',
    'Content-Type',
    'DKIM-Signature',
    'From',
    'MIME-Version',
    'Received',
    'Reply-To',
    'Subject',
    'To',
    'x-sg-eid',
    'x-sg-id',
    'Message-ID',
    'Date',
    'Return-Path',
    'Sender',
  ].map((name) => name.toLowerCase()),
);

const elsewhere: ReadonlyMap<string, string> = new Map([
  ['to', 'a mail goes to the email of each recipient'],
  ['cc', 'copies are BCC: email.bcc of the workspace file'],
  ['smtp', 'relays stand in email.smtp of the workspace file'],
]);

export function parseEmail(raw: Record<string, unknown>, path: string, problems: Problems): EmailMessage {
  const fields = new Fields(raw, path, problems);
  fields.explain(elsewhere);
  const message: EmailMessage = {
    app_id: fields.text('app_id') ?? '',
    subject: readLine(fields, 'subject'),
    from: readSender(fields),
    reply_to: readReplyTo(fields),
    bcc: fields.text('bcc'),
    body: fields.text('body'),
    plaintext_body: fields.text('plaintext_body'),
    preheader: fields.text('preheader'),
    email_template_id: fields.text('email_template_id'),
    message_variation_id: fields.text('message_variation_id'),
    extras: readExtras(fields),
    headers: readHeaders(fields),
    should_inline_css: fields.flag('should_inline_css'),
    attachments: readAttachments(fields),
    cresset: readOptions(fields),
  };
  if (message.app_id === '') fields.require('app_id');
  if (message.body === undefined && message.email_template_id === undefined) {
    fields.require('body', 'is required unless email_template_id is given');
  }
  warn(fields, message);
  return compact(message);
}

function readOptions(fields: Fields): MailOptions | undefined {
  const options = fields.object('cresset');
  if (options === undefined) return undefined;
  const flag = (key: string) => {
    const value = options.flag(key);
    if (typeof value === 'string') options.refuse(key, 'expected true or false; it is no template', 'type');
    return typeof value === 'string' ? undefined : value;
  };
  return compact({ track_opens: flag('track_opens'), track_clicks: flag('track_clicks') });
}

function warn(fields: Fields, { subject, body, email_template_id }: EmailMessage): void {
  const { problems } = fields;
  if (subject === undefined && email_template_id === undefined)
    problems.warn(`${fields.at('subject')} is missing; the mail has an empty subject`);
  if (Buffer.byteLength(body ?? '') > MAX_BODY_BYTES)
    problems.warn(`${fields.at('body')} is larger than 400 KB; mail programs cut it off`);
}

function readLine(fields: Fields, key: string): string | undefined {
  const text = fields.text(key);
  if (text !== undefined && LINE_BREAK.test(text))
    fields.problems.add('range', fields.at(key), 'must not hold line breaks or NUL');
  return text;
}

function readSender(fields: Fields): string | undefined {
  const text = readLine(fields, 'from');
  if (text === undefined || isTemplate(text) || readMailbox(text) !== null) return text;
  fields.problems.add('range', fields.at('from'), 'expected an address such as "Acme <hello@example.com>"');
  return text;
}

function readReplyTo(fields: Fields): string | undefined {
  const text = readLine(fields, 'reply_to');
  if (text === undefined || text === NO_REPLY_TO || isTemplate(text) || isEmailAddress(text)) return text;
  if (readMailbox(text) === null) fields.problems.add('range', fields.at('reply_to'), 'expected one email address');
  return text;
}

function readExtras(fields: Fields): Record<string, unknown> | undefined {
  const extras = fields.hash('extras');
  if (extras === undefined || isTemplate(JSON.stringify(extras))) return extras;
  if (extrasBytes(extras) > MAX_EXTRAS_BYTES)
    fields.problems.add('size', fields.at('extras'), `expected at most ${MAX_EXTRAS_BYTES} bytes of keys and values`);
  return extras;
}

/** Size of the extras: the bytes of all keys and values. */
export function extrasBytes(extras: Readonly<Record<string, unknown>>): number {
  const bytes = (value: unknown) =>
    Buffer.byteLength(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return Object.entries(extras).reduce((sum, [key, value]) => sum + bytes(key) + bytes(value), 0);
}

function readHeaders(fields: Fields): Record<string, string> | undefined {
  const hash = fields.hash('headers');
  if (hash === undefined) return undefined;
  const reader = new Fields(hash, fields.at('headers'), fields.problems);
  const kept: [string, string][] = [];
  const seen = new Set<string>();
  for (const name of Object.keys(hash)) {
    const value = reader.text(name);
    const lower = name.toLowerCase();
    if (!isHeaderName(name))
      fields.problems.add(
        'range',
        `${fields.at('headers')}`,
        'a header name holds letters, digits and marks, without blanks and colons',
      );
    else if (seen.has(lower)) fields.problems.add('cross', reader.at(name), 'is given twice, in another letter case');
    else if (value !== undefined && LINE_BREAK.test(value))
      fields.problems.add('range', reader.at(name), 'must not hold line breaks or NUL');
    else if (value !== undefined && !isTemplate(value) && isStructured(name) && encodeStructured(value) === null)
      fields.problems.add('range', reader.at(name), `${UNWRITABLE} in a mail`);
    else if (reservedHeaders.has(lower)) fields.problems.warn(`${reader.at(name)} is reserved and was dropped`);
    else if (value !== undefined) kept.push([name, value]);
    seen.add(lower);
  }
  return Object.fromEntries(kept);
}

/** Whether a header name is printable US-ASCII without the colon. Source: RFC 5322 §3.6.8. */
function isHeaderName(name: string): boolean {
  return name.length <= 128 && /^[!-9;-~]+$/.test(name);
}

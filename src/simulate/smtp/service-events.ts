import { createHmac, randomUUID, sign } from 'node:crypto';
import { isObject } from '../../lib/raw/json.ts';
import { readJson } from '../json.ts';
import { type MailAccount, POSTMARK_USER } from './mail-account.ts';
import { headerIn, type SentMail } from './sent-mail.ts';
import type { MailNews } from './smtp-answers.ts';

/** The services whose webhooks the stand-in posts. */
export const mailServices = ['ses', 'sendgrid', 'postmark', 'mailgun', 'resend'] as const;
export type MailService = (typeof mailServices)[number];

/** A webhook, ready to be posted. */
export interface ServiceWebhook {
  headers: Record<string, string>;
  body: string;
}

interface Happened {
  news: MailNews;
  mail: SentMail;
  at: Date;
  account: MailAccount;
}

const LINK = 'https://acme.test/';
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36';
const NO_USER = '550 5.1.1 The email account that you tried to reach does not exist';
const FULL = '552 5.2.2 The recipient is over quota';
const DELAY = '451 4.4.1 No answer from host';

/** The webhook by which a service tells what became of a mail. null: it tells nothing of it. */
export function webhookOf(service: MailService, happened: Happened): ServiceWebhook | null {
  return happened.news === 'vacation' ? null : services[service](happened, happened.news);
}

type News = Exclude<MailNews, 'vacation'>;

const services: Readonly<Record<MailService, (happened: Happened, news: News) => ServiceWebhook>> = {
  ses,
  sendgrid,
  postmark,
  mailgun,
  resend,
};

/** Source: Twilio SendGrid, "Event Webhook Reference". What the mail had as `unique_args` comes back. */
function sendgrid({ mail, at, account }: Happened, news: News): ServiceWebhook {
  const events: Record<News, object> = {
    delivered: { event: 'delivered', response: '250 OK' },
    bounced: { event: 'bounce', type: 'bounce', status: '5.1.1', reason: NO_USER },
    full: { event: 'bounce', type: 'bounce', status: '5.2.2', reason: FULL },
    delayed: { event: 'deferred', response: DELAY, attempt: '1' },
    complained: { event: 'spamreport' },
    opened: { event: 'open', useragent: AGENT, ip: '192.0.2.7' },
    clicked: { event: 'click', url: LINK, useragent: AGENT, ip: '192.0.2.7' },
  };
  const asked = jsonIn(mail, 'x-smtpapi').unique_args;
  const event = {
    ...(isObject(asked) && asked),
    ...{ email: mail.to, timestamp: seconds(at), sg_event_id: randomUUID(), sg_message_id: mail.id },
    ...events[news],
  };
  const body = `${JSON.stringify([event])}\r\n`;
  const timestamp = String(seconds(at));
  const signature = sign('sha256', Buffer.from(timestamp + body), account.sendGridKey).toString('base64');
  const name = 'x-twilio-email-event-webhook';
  return {
    headers: { ...JSON_TYPE, [`${name}-signature`]: signature, [`${name}-timestamp`]: timestamp },
    body,
  };
}

/** Source: Mailgun, "Webhook payloads", "Securing webhooks". */
function mailgun({ mail, at, account }: Happened, news: News): ServiceWebhook {
  const status = (code: number, enhanced: string, message: string) => ({
    'delivery-status': { code, 'enhanced-code': enhanced, message },
  });
  const events: Record<News, object> = {
    delivered: { event: 'delivered', ...status(250, '2.0.0', 'OK') },
    bounced: { event: 'failed', severity: 'permanent', reason: 'bounce', ...status(550, '5.1.1', NO_USER) },
    full: { event: 'failed', severity: 'permanent', reason: 'generic', ...status(552, '5.2.2', FULL) },
    delayed: { event: 'failed', severity: 'temporary', reason: 'generic', ...status(451, '4.4.1', DELAY) },
    complained: { event: 'complained' },
    opened: { event: 'opened', 'client-info': { 'user-agent': AGENT } },
    clicked: { event: 'clicked', url: LINK, 'client-info': { 'user-agent': AGENT } },
  };
  const token = randomUUID().replaceAll('-', '').padEnd(50, '0');
  const timestamp = String(seconds(at));
  const signature = createHmac('sha256', account.mailgunKey)
    .update(timestamp + token)
    .digest('hex');
  return json({
    signature: { timestamp, token, signature },
    'event-data': {
      ...{ id: randomUUID(), timestamp: at.getTime() / 1_000, recipient: mail.to },
      ...{ 'user-variables': jsonIn(mail, 'x-mailgun-variables'), envelope: { sender: mail.from, targets: mail.to } },
      ...events[news],
    },
  });
}

/** Source: Postmark, "Webhooks overview". The headers `X-PM-Metadata-…` come back. */
function postmark({ mail, at, account }: Happened, news: News): ServiceWebhook {
  const time = at.toISOString();
  const bounce = (Type: string, Details: string) => ({
    ...{ RecordType: 'Bounce', ID: seconds(at), Type, Email: mail.to, Details, BouncedAt: time },
  });
  const events: Record<News, object> = {
    delivered: { RecordType: 'Delivery', Recipient: mail.to, DeliveredAt: time, Details: '250 OK' },
    bounced: bounce('HardBounce', NO_USER),
    full: bounce('SoftBounce', FULL),
    delayed: bounce('Transient', DELAY),
    complained: { ...bounce('SpamComplaint', ''), RecordType: 'SpamComplaint' },
    opened: { RecordType: 'Open', Recipient: mail.to, ReceivedAt: time, UserAgent: AGENT },
    clicked: { RecordType: 'Click', Recipient: mail.to, ReceivedAt: time, OriginalLink: LINK, UserAgent: AGENT },
  };
  const prefix = 'x-pm-metadata-';
  const metadata = mail.headers.filter(([name]) => name.toLowerCase().startsWith(prefix));
  const login = Buffer.from(`${POSTMARK_USER}:${account.postmarkPassword}`).toString('base64');
  const { headers, body } = json({
    ...{ MessageID: mail.id, ServerID: 1, MessageStream: 'outbound' },
    Metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(prefix.length), value])),
    ...events[news],
  });
  return { headers: { ...headers, authorization: `Basic ${login}` }, body };
}

/** Signed by the scheme of Svix. Source: Resend, "Verify webhooks requests". */
function resend({ mail, at, account }: Happened, news: News): ServiceWebhook {
  const events: Record<News, readonly [type: string, more: object]> = {
    delivered: ['email.delivered', {}],
    bounced: ['email.bounced', { bounce: { type: 'Permanent', subType: 'General', message: NO_USER } }],
    full: ['email.bounced', { bounce: { type: 'Transient', subType: 'MailboxFull', message: FULL } }],
    delayed: ['email.delivery_delayed', {}],
    complained: ['email.complained', {}],
    opened: ['email.opened', {}],
    clicked: ['email.clicked', { click: { link: LINK, userAgent: AGENT, timestamp: at.toISOString() } }],
  };
  const [type, more] = events[news];
  const data = { email_id: mail.id, to: [mail.to], headers: headersAsObjects(mail), ...more };
  const { headers, body } = json({ type, created_at: at.toISOString(), data });
  const [id, timestamp] = [`msg_${randomUUID()}`, String(seconds(at))];
  const key = Buffer.from(account.resendSecret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    headers: { ...headers, 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,${signature}` },
    body,
  };
}

/** Source: Amazon SES, "Contents of event data"; Amazon SNS, "Verifying the signatures of messages". */
function ses({ mail, at, account }: Happened, news: News): ServiceWebhook {
  const timestamp = at.toISOString();
  const bounce = (bounceType: string, bounceSubType: string, status: string, diagnosticCode: string) => ({
    eventType: 'Bounce',
    bounce: {
      ...{ bounceType, bounceSubType, timestamp },
      bouncedRecipients: [{ emailAddress: mail.to, action: 'failed', status, diagnosticCode }],
    },
  });
  const events: Record<News, object> = {
    delivered: { eventType: 'Delivery', delivery: { timestamp, recipients: [mail.to], smtpResponse: '250 OK' } },
    bounced: bounce('Permanent', 'General', '5.1.1', NO_USER),
    full: bounce('Transient', 'MailboxFull', '5.2.2', FULL),
    delayed: {
      eventType: 'DeliveryDelay',
      deliveryDelay: {
        timestamp,
        delayType: 'General',
        delayedRecipients: [{ emailAddress: mail.to, status: '4.4.1' }],
      },
    },
    complained: {
      eventType: 'Complaint',
      complaint: { timestamp, complaintFeedbackType: 'abuse', complainedRecipients: [{ emailAddress: mail.to }] },
    },
    opened: { eventType: 'Open', open: { timestamp, userAgent: AGENT, ipAddress: '192.0.2.7' } },
    clicked: { eventType: 'Click', click: { timestamp, link: LINK, userAgent: AGENT, ipAddress: '192.0.2.7' } },
  };
  const about = {
    timestamp,
    source: mail.from,
    messageId: mail.id,
    destination: [mail.to],
    headers: headersAsObjects(mail),
  };
  return snsMessage({ ...events[news], mail: about }, account, timestamp);
}

function snsMessage(content: object, account: MailAccount, timestamp: string): ServiceWebhook {
  const region = account.snsTopic.split(':')[3];
  const signed = {
    ...{ Message: JSON.stringify(content), MessageId: randomUUID(), Timestamp: timestamp },
    ...{ TopicArn: account.snsTopic, Type: 'Notification' },
  };
  const text = Object.entries(signed).flat().join('\n');
  const message = {
    ...signed,
    ...{
      SignatureVersion: '2',
      Signature: sign('sha256', Buffer.from(`${text}\n`), account.snsKey).toString('base64'),
    },
    SigningCertURL: `https://sns.${region}.amazonaws.com/SimpleNotificationService-simulated.pem`,
  };
  const headers = { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': 'Notification' };
  return { headers, body: JSON.stringify(message) };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function json(value: object): ServiceWebhook {
  return { headers: { ...JSON_TYPE }, body: JSON.stringify(value) };
}

function jsonIn({ headers }: SentMail, name: string): Record<string, unknown> {
  const value = readJson(headerIn(headers, name) ?? '');
  return isObject(value) ? value : {};
}

function headersAsObjects({ headers }: SentMail): object[] {
  return headers.map(([name, value]) => ({ name, value }));
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}

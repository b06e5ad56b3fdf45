// Webhooks of mail services: the shape is that of their documentation, all data is invented, and the keys are made here.

import { execFileSync } from 'node:child_process';
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A webhook, ready to be posted. */
export interface Webhook {
  headers: Record<string, string>;
  body: string;
}

const curve = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const SIGNING_KEY = 'key-of-mailgun-invented';
const SVIX_KEY = Buffer.from('a key of resend, invented').toString('base64');
export const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:mail-events';
export const CERTIFICATE_URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem';
const POSTMARK = { username: 'postmark', password: 'a-long-password-1' };

export const settings = {
  sendgrid: { public_key: curve.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
  mailgun: { signing_key: SIGNING_KEY },
  resend: { secret: `whsec_${SVIX_KEY}` },
  postmark: POSTMARK,
  ses: { topics: [TOPIC] },
};

const sns = rsaIdentity();
export const snsCertificate = sns.certificate;

/** An RSA key and its certificate, by openssl, as Amazon's is. */
function rsaIdentity(): { key: string; certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sns-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      '-days',
      '2',
      '-subj',
      '/CN=sns.test',
    ],
    { stdio: 'ignore' },
  );
  const made = { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
  rmSync(folder, { recursive: true });
  return made;
}

export function sendGrid(events: unknown, at: Date): Webhook {
  const body = `${JSON.stringify(events)}\r\n`;
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signature = createSign('sha256')
    .update(timestamp + body)
    .sign(curve.privateKey, 'base64');
  return {
    headers: {
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    },
    body,
  };
}

export function mailgun(data: object, at: Date, token = 'a'.repeat(50)): Webhook {
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', SIGNING_KEY)
    .update(timestamp + token)
    .digest('hex');
  return { headers: {}, body: JSON.stringify({ signature: { timestamp, token, signature }, 'event-data': data }) };
}

export function resend(event: object, at: Date, id = 'msg_1'): Webhook {
  const body = JSON.stringify(event);
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signature = createHmac('sha256', Buffer.from(SVIX_KEY, 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  return { headers: { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': `v1,AAAA v1,${signature}` }, body };
}

export function postmark(record: object): Webhook {
  const pair = Buffer.from(`${POSTMARK.username}:${POSTMARK.password}`).toString('base64');
  return { headers: { authorization: `Basic ${pair}` }, body: JSON.stringify(record) };
}

export function snsMessage(content: object, at: Date, changes: Record<string, string> = {}): Webhook {
  const message: Record<string, string> = {
    Type: 'Notification',
    MessageId: 'a1b2c3d4-0000-5000-8000-000000000001',
    TopicArn: TOPIC,
    Message: JSON.stringify(content),
    Timestamp: at.toISOString(),
    SignatureVersion: '2',
    SigningCertURL: CERTIFICATE_URL,
    ...changes,
  };
  const names =
    message.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const signed = names.filter((name) => message[name] !== undefined).map((name) => `${name}\n${message[name]}\n`);
  const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  const Signature = createSign(algorithm).update(signed.join('')).sign(sns.key, 'base64');
  return {
    headers: { 'content-type': 'text/plain; charset=UTF-8', 'x-amz-sns-message-type': message.Type ?? '' },
    body: JSON.stringify({ ...message, Signature }),
  };
}

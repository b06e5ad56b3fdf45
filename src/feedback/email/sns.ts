import { verify, X509Certificate } from 'node:crypto';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import { isStale, objectIn, textOf, timeOf } from './mail-event.ts';

/** A message of Amazon SNS, verified. */
export type SnsMessage =
  | { kind: 'notification'; id: string; message: string }
  /** SNS asks whether we want the topic. Calling `url` says yes. */
  | { kind: 'subscription'; url: string }
  | { kind: 'unsubscribed' };

/** Gets a text over https. It is asked for pages of SNS alone. */
export type GetText = (url: string) => Promise<string>;

const notified = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const asked = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
/** The members that are signed, in their order; those that are absent are left out. */
const signedMembers: ReadonlyMap<unknown, readonly string[]> = new Map<unknown, readonly string[]>([
  ['Notification', notified],
  ['SubscriptionConfirmation', asked],
  ['UnsubscribeConfirmation', asked],
]);
const algorithms: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['1', 'RSA-SHA1'],
  ['2', 'RSA-SHA256'],
]);

/** Certificates by their URLs, which never change their content. */
export class SnsVerifier {
  readonly #getText: GetText;
  readonly #certificates = new BoundedCache<string, string>({ mostBytes: 262_144 });

  constructor(getText: GetText) {
    this.#getText = getText;
  }

  /**
   * Verifies a message of one of `topics`. Nothing is fetched for another topic, or from a host that is not that of SNS in
   * the topic's region. Rejects if the certificate cannot be had. Source: Amazon SNS, "Verifying the signatures".
   */
  async read(body: RawObject, topics: readonly string[], now: Date): Promise<SnsMessage | { refused: string }> {
    const { Type: type, TopicArn: topic, SigningCertURL: certificateUrl, SignatureVersion: version } = body;
    const members = signedMembers.get(type);
    if (members === undefined) return { refused: refusalOf(body) };
    if (typeof topic !== 'string' || !topics.includes(topic))
      return { refused: 'the topic is not in email.events.ses.topics' };
    const algorithm = algorithms.get(version);
    if (algorithm === undefined) return { refused: 'the version of the signature is not known' };
    if (!isOfSns(certificateUrl, topic)) return { refused: 'the certificate is not at a host of SNS' };
    const certificate = await this.#certificateAt(certificateUrl);
    const signed = members
      .flatMap((name) => (typeof body[name] === 'string' ? [`${name}\n${body[name]}\n`] : []))
      .join('');
    const signature = Buffer.from(textOf(body.Signature) ?? '', 'base64');
    const key = new X509Certificate(certificate).publicKey;
    if (!verify(algorithm, Buffer.from(signed), key, signature)) return { refused: 'the signature is wrong' };
    if (isStale(timeOf(body.Timestamp), now)) return { refused: 'the message is too old' };
    if (type === 'UnsubscribeConfirmation') return { kind: 'unsubscribed' };
    if (type === 'Notification')
      return { kind: 'notification', id: textOf(body.MessageId) ?? '', message: textOf(body.Message) ?? '' };
    if (!isOfSns(body.SubscribeURL, topic)) return { refused: 'the confirmation is not at a host of SNS' };
    return { kind: 'subscription', url: body.SubscribeURL };
  }

  async #certificateAt(url: string): Promise<string> {
    const known = this.#certificates.get(url);
    if (known !== undefined) return known;
    const certificate = await this.#getText(url);
    this.#certificates.set(url, certificate, certificate.length);
    return certificate;
  }
}

/** Raw delivery leaves out the envelope, and with it the signature. */
function refusalOf(body: RawObject): string {
  const isRaw = textOf(body.eventType) !== null || textOf(body.notificationType) !== null;
  return isRaw
    ? 'the message has no signature: turn off raw message delivery of the SNS subscription'
    : 'it is no message of SNS';
}

/** Whether a URL is at the host of SNS in the topic's region. */
function isOfSns(url: unknown, topic: string): url is string {
  if (typeof url !== 'string' || url.length > 2_048 || !URL.canParse(url)) return false;
  const { protocol, hostname, port, username, password } = new URL(url);
  const [, partition, , region] = topic.split(':');
  const host = `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
  return protocol === 'https:' && hostname === host && `${port}${username}${password}` === '';
}

/** The JSON object in a notification. Empty when it holds anything else. */
export function contentOf({ message }: { message: string }): RawObject {
  try {
    return objectIn(JSON.parse(message));
  } catch {
    return {};
  }
}

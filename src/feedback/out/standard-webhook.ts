import { createHmac } from 'node:crypto';
import type { WebhookSecrets } from '../../workspace/catalog.ts';
import type { FeedEvent } from './feed.ts';

/** A request of the Standard Webhooks scheme. Source: Standard Webhooks 1.0, "Signature scheme". */
export interface SignedRequest {
  body: string;
  headers: Readonly<Record<string, string>>;
}

/** The body of an event. It is the same in each attempt. */
export function bodyOf({ type, occurredAt, data }: Pick<FeedEvent, 'type' | 'occurredAt' | 'data'>): string {
  return JSON.stringify({ type, timestamp: occurredAt.toISOString(), data });
}

/** Signs a body for one attempt: the id is that of the event, the time that of the attempt. */
export function signedRequest(
  { id, body }: { id: string; body: string },
  secrets: WebhookSecrets,
  now: Date,
): SignedRequest {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const { secret, previous } = secrets;
  const valid = [secret, ...(previous !== null && now < previous.until ? [previous.secret] : [])];
  const signatures = valid.map((one) => signature(one, `${id}.${timestamp}.${body}`));
  return {
    body,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures.join(' '),
      'content-length': String(Buffer.byteLength(body)),
    },
  };
}

/** `secret`: `whsec_` and the base64 of the key's bytes. */
function signature(secret: string, signed: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(signed, 'utf8').digest('base64')}`;
}

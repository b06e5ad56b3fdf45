import type { PostReply } from '../../../net/http-post.ts';
import { askedWait } from '../../../net/retry-after.ts';
import type { PushOutcome } from '../../push/sender.ts';

/** Source: RFC 8030 §5; messaging-objects.md §5.3. */
export function requestHeaders({ ttlS, urgency, authorization }: Wanted): Record<string, string> {
  return {
    ttl: String(ttlS),
    urgency,
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
    authorization,
  };
}

interface Wanted {
  ttlS: number;
  urgency: string;
  authorization: string;
}

/** Statuses with their own meaning. Any other is read by its class. */
const byStatus: ReadonlyMap<number, (reason: string) => PushOutcome> = new Map<number, (reason: string) => PushOutcome>(
  [
    [401, (reason) => ({ kind: 'bounced', reason, token: 'suspect' })],
    [403, (reason) => ({ kind: 'bounced', reason, token: 'suspect' })],
    [404, (reason) => ({ kind: 'bounced', reason, token: 'remove' })],
    [410, (reason) => ({ kind: 'bounced', reason, token: 'remove' })],
  ],
);

/** The outcome that a push service's answer stands for. Source: messaging-objects.md §5.4; RFC 8030 §5 and §8.4. */
export function readReply({ status, headers }: Pick<PostReply, 'status' | 'headers'>, now: Date): PushOutcome {
  const reason = String(status);
  if (status >= 200 && status < 300) return { kind: 'accepted', providerId: headers.location?.slice(0, 2_048) ?? null };
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'retry', reason, ...askedWait(headers['retry-after'], now) };
  return byStatus.get(status)?.(reason) ?? { kind: 'failed', reason };
}

/** Whether a new signature may make the request succeed. */
export function isUnauthorized({ status }: Pick<PostReply, 'status'>): boolean {
  return status === 401 || status === 403;
}

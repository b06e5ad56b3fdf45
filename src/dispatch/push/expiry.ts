import type { ChannelKey } from '../../channels/channel.ts';

const DAY_MS = 86_400_000;

type Expiry = (rendered: never, acceptedAt: Date, message: object) => number;

/** Milliseconds since 1970 after which a rendered message is not worth sending. Source: messaging-objects.md 2 to 5. */
const expiries: Partial<Record<ChannelKey, Expiry>> = {
  android_push: ({ message }: { message: { android: { ttl: string } } }, acceptedAt) =>
    acceptedAt.getTime() + Number.parseInt(message.android.ttl, 10) * 1_000,
  // Without an expiry of its own every rendering would push it further off.
  apple_push: ({ headers }: { headers: Record<string, string> }, acceptedAt, message) =>
    'expiry' in message && message.expiry !== undefined
      ? Number(headers['apns-expiration']) * 1_000
      : acceptedAt.getTime() + 30 * DAY_MS,
  kindle_push: ({ message }: { message: { expiresAfter: number } }, acceptedAt) =>
    acceptedAt.getTime() + message.expiresAfter * 1_000,
  web_push: ({ headers }: { headers: { TTL: string } }, acceptedAt) =>
    acceptedAt.getTime() + Number(headers.TTL) * 1_000,
};

/** `message` is the template that `rendered` was made of. Infinity for what never expires. */
export function expiresAtMs(channel: ChannelKey, rendered: object, acceptedAt: Date, message: object): number {
  const expiry = expiries[channel];
  return expiry === undefined ? Number.POSITIVE_INFINITY : expiry(rendered as never, acceptedAt, message);
}

const readers: Partial<Record<ChannelKey, (message: Record<string, unknown>) => number | null>> = {
  android_push: ({ time_to_live }) => (typeof time_to_live === 'number' ? time_to_live * 1_000 : null),
  web_push: ({ time_to_live }) => (typeof time_to_live === 'number' ? time_to_live * 1_000 : null),
};

/** The same of a message that is not rendered yet, as far as it is the same for everybody; Infinity where it is not known. */
export function plannedExpiryMs(channel: ChannelKey, message: object, acceptedAt: Date): number {
  if (channel === 'apple_push') {
    const { expiry } = message as { expiry?: string };
    const at = expiry === undefined ? Number.NaN : Date.parse(expiry);
    return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
  }
  const ttlMs = readers[channel]?.({ ...message }) ?? null;
  return ttlMs === null ? Number.POSITIVE_INFINITY : acceptedAt.getTime() + ttlMs;
}

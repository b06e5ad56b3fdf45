import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Whose page of which preference center a link opens. */
export interface CenterLink {
  centerId: string;
  workspaceId: number;
  bucket: number;
  userId: number;
}

const MAC_BYTES = 16;
const DAY_MS = 86_400_000;
/** A link is good for a month. Source: more-endpoints.md §8. */
const LIFETIME_DAYS = 30;

/** The path of a person's page. Nobody else can make one. */
export function centerPath(
  secret: KeyObject,
  { centerId, workspaceId, bucket, userId }: CenterLink,
  now: Date,
): string {
  const order = `${centerId}.${workspaceId}.${bucket}.${userId}.${dayOf(now)}`;
  return `/p/${order}.${mac(secret, order).toString('base64url')}`;
}

/** `forged`: this server did not make the token. */
export function readCenterLink(token: string, secret: KeyObject, now: Date): CenterLink | 'forged' | 'expired' {
  const match = /^(([0-9a-f-]{36})\.(\d{1,9})\.(\d{1,3})\.(\d{1,15})\.(\d{1,6}))\.([\w-]{22})$/.exec(token);
  if (match === null) return 'forged';
  const [, order = '', centerId = '', workspaceId, bucket, userId, day, given = ''] = match;
  const theirs = Buffer.from(given, 'base64url');
  if (theirs.length !== MAC_BYTES || !timingSafeEqual(theirs, mac(secret, order))) return 'forged';
  if (dayOf(now) - Number(day) > LIFETIME_DAYS) return 'expired';
  return { centerId, workspaceId: Number(workspaceId), bucket: Number(bucket), userId: Number(userId) };
}

function dayOf(time: Date): number {
  return Math.floor(time.getTime() / DAY_MS);
}

function mac(secret: KeyObject, order: string): Buffer {
  return createHmac('sha256', secret).update('preference center\n').update(order).digest().subarray(0, MAC_BYTES);
}

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { GlobalState } from '../../templating/facts.ts';
import { centerPath } from './center-links.ts';
import type { LinkMaker } from './compose.ts';

/** The change that a signed link makes once its reader confirms it. */
export interface LinkOrder {
  workspaceId: number;
  bucket: number;
  userId: number;
  state: GlobalState;
}

const letters = { u: 'unsubscribed', s: 'subscribed', o: 'opted_in' } as const satisfies Record<string, GlobalState>;
const MAC_BYTES = 16;
const DAY_MS = 86_400_000;
/** A link is good for a year; every mail has new ones. */
const LIFETIME_DAYS = 366;

/**
 * Makes links `<publicUrl>/s/<state>.<workspace>.<bucket>.<user>.<day>.<mac>`, where `day` counts from 1970 to the acceptance
 * of the dispatch. Nobody else can make one for a person.
 */
export function createLinkMaker({ publicUrl, secret }: { publicUrl: string; secret: KeyObject }): LinkMaker {
  return ({ workspace, acceptedAt }, { bucket, userId }) => {
    const day = dayOf(acceptedAt);
    const link = (letter: keyof typeof letters) => {
      const order = `${letter}.${workspace.id}.${bucket}.${userId}.${day}`;
      return `${publicUrl}/s/${order}.${mac(secret, order).toString('base64url')}`;
    };
    const center = (name: string) => {
      const centerId = workspace.preferenceCenters?.get(name);
      if (centerId === undefined) return null;
      return `${publicUrl}${centerPath(secret, { centerId, workspaceId: workspace.id, bucket, userId }, acceptedAt)}`;
    };
    return { unsubscribe: link('u'), subscribe: link('s'), optIn: link('o'), center };
  };
}

/** `forged`: this server did not make the token. */
export function readLink(token: string, secret: KeyObject, now: Date): LinkOrder | 'forged' | 'expired' {
  const match = /^(([uso])\.(\d{1,9})\.(\d{1,3})\.(\d{1,15})\.(\d{1,6}))\.([\w-]{22})$/.exec(token);
  if (match === null) return 'forged';
  const [, order = '', letter, workspaceId, bucket, userId, day, given = ''] = match;
  const theirs = Buffer.from(given, 'base64url');
  if (theirs.length !== MAC_BYTES || !timingSafeEqual(theirs, mac(secret, order))) return 'forged';
  if (dayOf(now) - Number(day) > LIFETIME_DAYS) return 'expired';
  const state = letters[letter as keyof typeof letters];
  return { workspaceId: Number(workspaceId), bucket: Number(bucket), userId: Number(userId), state };
}

function dayOf(time: Date): number {
  return Math.floor(time.getTime() / DAY_MS);
}

function mac(secret: KeyObject, order: string): Buffer {
  return createHmac('sha256', secret).update('subscription link\n').update(order).digest().subarray(0, MAC_BYTES);
}

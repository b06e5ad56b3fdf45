import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { GlobalState } from '../../templating/facts.ts';
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

/** Makes links `<publicUrl>/s/<state>.<workspace>.<bucket>.<user>.<mac>`. Nobody else can make one for a person. */
export function createLinkMaker({ publicUrl, secret }: { publicUrl: string; secret: KeyObject }): LinkMaker {
  return ({ workspace }, { bucket, userId }) => {
    const link = (letter: keyof typeof letters) => {
      const order = `${letter}.${workspace.id}.${bucket}.${userId}`;
      return `${publicUrl}/s/${order}.${mac(secret, order).toString('base64url')}`;
    };
    return { unsubscribe: link('u'), subscribe: link('s'), optIn: link('o') };
  };
}

/** null: this server did not make the token. */
export function readLink(token: string, secret: KeyObject): LinkOrder | null {
  const match = /^(([uso])\.(\d{1,9})\.(\d{1,3})\.(\d{1,15}))\.([\w-]{22})$/.exec(token);
  if (match === null) return null;
  const [, order = '', letter, workspaceId, bucket, userId, given = ''] = match;
  const theirs = Buffer.from(given, 'base64url');
  if (theirs.length !== MAC_BYTES || !timingSafeEqual(theirs, mac(secret, order))) return null;
  const state = letters[letter as keyof typeof letters];
  return { workspaceId: Number(workspaceId), bucket: Number(bucket), userId: Number(userId), state };
}

function mac(secret: KeyObject, order: string): Buffer {
  return createHmac('sha256', secret).update('subscription link\n').update(order).digest().subarray(0, MAC_BYTES);
}

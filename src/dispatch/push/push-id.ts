import { hash } from 'node:crypto';
import type { SendKey } from '../ledger/send.ts';

/** A fixed UUID that only this server uses. Source: RFC 9562 §5.5. */
const NAMESPACE = Buffer.from('6f3d2c0f4b7e4a63a5a7c2a1d9e85b10', 'hex').toString('latin1');

/**
 * The id of one message to one device: a lower-case UUIDv5 of dispatch, person, channel, app and token. It is the same
 * on every attempt, so providers and apps recognize a repetition by it, and the ledger a device.
 */
export function pushIdOf({ dispatchId, userId, channel }: SendKey, appId: string, token: string): string {
  const name = `${NAMESPACE}${dispatchId}\n${userId}\n${channel}\n${appId}\n${token}`;
  const hex = hash('sha1', name, 'hex');
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

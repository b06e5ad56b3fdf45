import { createPublicKey, verify } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import type { VapidSettings } from '../web-push/settings.ts';
import { readVapidKeys, vapidHeader } from '../web-push/vapid.ts';
import type { AccountCheck } from './account-check.ts';

/** Browsers' push services know no accounts: each push proves itself by a signature. So one is made and verified here. */
export async function checkVapid(settings: VapidSettings, clock: Clock): Promise<AccountCheck> {
  const keys = readVapidKeys(settings);
  const header = vapidHeader(keys, 'https://push.example.com', clock.now());
  const [head = '', claims = '', signature = ''] = /t=([^,]+)/.exec(header)?.[1]?.split('.') ?? [];
  const key = { key: createPublicKey(keys.key), dsaEncoding: 'ieee-p1363' as const };
  const isGood = verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'));
  const asked = 'a signature by its own keys';
  return isGood
    ? { asked, state: 'good', said: 'the keys fit; no push service was asked' }
    : { asked, state: 'refused', said: 'the keys do not fit each other' };
}

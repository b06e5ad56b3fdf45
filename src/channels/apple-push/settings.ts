import { createPrivateKey } from 'node:crypto';
import { maybe, object, oneOf, type Read, required, text } from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl, callsPerMinute, keyText } from '../setting-shapes.ts';

const settings = object({
  team_id: required(text()),
  key_id: required(text()),
  key: required(keyText(keyProblem)),
  topic: required(text()),
  environment: maybe(oneOf(['production', 'development'])),
  base_url: maybe(baseUrl),
  base_url_development: maybe(baseUrl),
  calls_per_minute: maybe(callsPerMinute),
});

/** One app's account with the Apple Push Notification service. */
export type ApnsSettings = Read<typeof settings>;

export const apns: ProviderDefinition<ApnsSettings> = {
  settings,
  secrets: ['key'],
  fits: 'ios',
  callsPerMinute: null,
};

function keyProblem(value: string): string | null {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(value);
    if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return null;
  } catch {
    return 'expected the text of the .p8 file from Apple';
  }
  return 'expected a P-256 key, as in the .p8 file from Apple';
}

import { matching, maybe, object, type Read, refuse, required, text } from '../../lib/raw/shape.ts';
import type { ProviderDefinition } from '../provider.ts';
import { baseUrl, callsPerMinute } from '../setting-shapes.ts';

const members = object({
  account_sid: required(text()),
  auth_token: required(text()),
  from: maybe(
    matching(/^(\+[1-9]\d{6,14}|[A-Za-z0-9 ]{1,11}|\d{3,8})$/, 'a number such as +15550100 or a sender name'),
  ),
  messaging_service_sid: maybe(text()),
  base_url: maybe(baseUrl),
  calls_per_minute: maybe(callsPerMinute),
});

const settings: typeof members = (value, path, problems) => {
  const read = members(value, path, problems);
  if (read === undefined || (read.from === undefined) !== (read.messaging_service_sid === undefined)) return read;
  return refuse(problems, path, 'expected either from or messaging_service_sid');
};

/** One subscription group's account with Twilio. */
export type TwilioSettings = Read<typeof settings>;

export const twilio: ProviderDefinition<TwilioSettings> = {
  settings,
  secrets: ['auth_token'],
  fits: 'sms',
  callsPerMinute: null,
};

import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { isEmailAddress } from '../../lib/email-address.ts';
import { isStorable } from '../../lib/raw/storable.ts';

/** The address without surrounding blanks, as it is written. null: mail may not be sent to it. */
export function readEmailAddress(text: string): string | null {
  const address = text.trim();
  return isEmailAddress(address) && isStorable(address) ? address : null;
}

/** The E.164 form of North America, whose numbers the library takes as they are. Asking it takes ten times as long. */
const AMERICAN = /^\+1[2-9]\d{9}$/;

/**
 * The phone number in E.164. null: not a phone number. Ten digits without `+` are a US number; all others need `+`.
 * Source: eligibility.md §2.
 */
export function readPhone(text: string): string | null {
  if (text.length > 40) return null;
  const trimmed = text.trim();
  if (AMERICAN.test(trimmed)) return trimmed;
  const isAmerican = /^\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}$/.test(trimmed);
  if (!isAmerican && !trimmed.startsWith('+')) return null;
  const number = parsePhoneNumberFromString(trimmed, { defaultCountry: 'US', extract: false });
  return number?.isPossible() && number.ext === undefined ? number.number : null;
}

/** The country of an ISO 3166-1 code whose phone numbers are known, in any letter case. null: there is none. */
export function readPhoneCountry(code: string): CountryCode | null {
  const country = code.toUpperCase();
  return isSupportedCountry(country) ? country : null;
}

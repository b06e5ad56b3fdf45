import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { SubscriptionGroup } from './catalog.ts';

/** Whether a text is the ISO 3166-1 alpha-2 code of a country that has telephones. */
export function isCountry(text: string): boolean {
  return isSupportedCountry(text);
}

/** The ISO 3166-1 alpha-2 code of the country of a number in E.164. null: not known. */
export function countryOf(phone: string): string | null {
  return parsePhoneNumberFromString(phone)?.country ?? null;
}

/**
 * How the numbers begin that a subscription group allows, in E.164. Countries that share a dialing code, such as those
 * with +1 and +44, are not told apart. null: it allows all. Source: eligibility.md §1, step 8b.
 */
export function allowedCodes(group: Pick<SubscriptionGroup, 'countries'> | undefined): string[] | null {
  const countries = group?.countries ?? null;
  if (countries === null) return null;
  // Not filter(isSupportedCountry): the library would take filter's index for its metadata.
  const known = countries.flatMap((country) => (isSupportedCountry(country) ? [country] : []));
  return [...new Set(known.map((country) => `+${getCountryCallingCode(country)}`))];
}

import {
  type CountryCode,
  getCountryCallingCode,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max';

/** A number of a file, of which the file says the country. */
export interface FilePhone {
  /** In E.164. */
  phone: string;
  /** Whether it is a fixed line if it is written as in the country, so that texts hardly reach it. */
  isFixedLine: boolean;
}

/**
 * Reads a number that may be written as in `country`. Without `+` it must be in use there by the country's plan, because
 * any digits of another country would make a number that looks right. null: it is no number of the country.
 */
export function readPhoneOf(text: string, country: CountryCode): FilePhone | null {
  const number = parsed(text, country);
  if (number === null) return null;
  if (text.trim().startsWith('+')) return number.isPossible() ? { phone: number.number, isFixedLine: false } : null;
  if (!number.isValid()) return null;
  const isTheirs = number.countryCallingCode === getCountryCallingCode(country);
  return { phone: number.number, isFixedLine: isTheirs && number.getType() === 'FIXED_LINE' };
}

/** The country of which the digits would be a number if `+` stood before them. null: none, or it is not known. */
export function countryWithPlus(text: string): CountryCode | null {
  const digits = text.replace(/\D/g, '');
  const number = digits.length < 8 ? null : parsed(`+${digits}`);
  return number?.isValid() ? (number.country ?? null) : null;
}

/** null: no phone number, or one with an extension. */
function parsed(text: string, country?: CountryCode): PhoneNumber | null {
  if (text.length > 40) return null;
  const options = { extract: false, ...(country !== undefined && { defaultCountry: country }) };
  const number = parsePhoneNumberFromString(text.trim(), options);
  return number === undefined || number.ext !== undefined ? null : number;
}

import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { isStorable } from '../../lib/storable.ts';

const localPart = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const domainLabel = /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u;

/** The address without surrounding blanks. null: not an email address. Quoted local parts and bare hosts are none. */
export function readEmailAddress(text: string): string | null {
  const address = text.trim();
  if (Buffer.byteLength(address) > 254 || !isStorable(address)) return null;
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1)];
  const labels = domain.split('.');
  const isValid =
    local.length <= 64 &&
    localPart.test(local) &&
    labels.length >= 2 &&
    labels.every((label) => domainLabel.test(label));
  return isValid ? address : null;
}

/**
 * The phone number in E.164. null: not a phone number. Ten digits without `+` are a US number; all others need `+`.
 * Source: eligibility.md §2.
 */
export function readPhone(text: string): string | null {
  if (text.length > 40) return null;
  const trimmed = text.trim();
  const isAmerican = /^\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}$/.test(trimmed);
  if (!isAmerican && !trimmed.startsWith('+')) return null;
  const number = parsePhoneNumberFromString(trimmed, { defaultCountry: 'US', extract: false });
  return number?.isPossible() && number.ext === undefined ? number.number : null;
}

/**
 * The one form of a device token of Apple: its octets in lower-case hex, without the marks and blanks with which older
 * libraries print it. A text that is no hex stays as it is.
 */
export function canonicalAppleToken(text: string): string {
  const bare = text.replace(/^<(.*)>$/s, '$1').replace(/\s+/g, '');
  return /^(?:[\da-f]{2})+$/i.test(bare) ? bare.toLowerCase() : text;
}

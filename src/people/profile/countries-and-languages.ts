// Reads countries and languages as callers write them.
const regionNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const pairs = letters.flatMap((one) => letters.map((other) => one + other));

/** Region codes of Unicode that are not countries of ISO 3166-1. */
const excluded = new Set(['AC', 'CP', 'CQ', 'DG', 'EA', 'EU', 'EZ', 'IC', 'QO', 'TA', 'UN', 'XA', 'XB', 'XK', 'ZZ']);

/** All codes of two letters. */
export const countryCodes: ReadonlySet<string> = new Set(pairs.filter(isCountry));

function isCountry(code: string): boolean {
  if (excluded.has(code) || regionNames.of(code) === undefined) return false;
  // The canonical form of a withdrawn code is another code.
  return new Intl.Locale(`und-${code}`).region === code;
}

/** By their English names, as `normalizedName` makes them. */
export const countriesByName: ReadonlyMap<string, string> = new Map<string, string>([
  ...[...countryCodes].map((code): [string, string] => [normalizedName(regionNames.of(code) ?? code), code]),
  ['united states of america', 'US'],
  ['usa', 'US'],
  ['great britain', 'GB'],
  ['england', 'GB'],
  ['uk', 'GB'],
  ['turkey', 'TR'],
  ['russian federation', 'RU'],
  ['czech republic', 'CZ'],
  ['hong kong', 'HK'],
  ['macau', 'MO'],
  ['ivory coast', 'CI'],
  ['korea', 'KR'],
  ['holland', 'NL'],
  ['viet nam', 'VN'],
  ['uae', 'AE'],
]);

/** A name without what is written differently: accents, marks, letter case. */
export function normalizedName(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('&', 'and')
    .replace(/[.,’']/g, '')
    .trim()
    .toLowerCase();
}

/** The ISO 3166-1 alpha-2 code of a code or an English name. null: neither. */
export function readCountry(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (countryCodes.has(code)) return code;
  return text.length > 100 ? null : (countriesByName.get(normalizedName(text)) ?? null);
}

const languageCodes = new Set(
  pairs.map((pair) => pair.toLowerCase()).filter((code) => languageNames.of(code) !== undefined),
);

/** The ISO 639-1 code of a code or a locale such as `en-US`. null: neither. */
export function readLanguage(text: string): string | null {
  const [, code = ''] = /^([a-z]{2})([-_][a-z0-9_-]{1,30})?$/.exec(text.trim().toLowerCase()) ?? [];
  return languageCodes.has(code) ? code : null;
}

// Countries, languages and time zones as callers write them.
const regionNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const pairs = letters.flatMap((one) => letters.map((other) => one + other));

/** Known to Unicode, but not countries of ISO 3166-1. */
const noCountries = new Set(['AC', 'CP', 'CQ', 'DG', 'EA', 'EU', 'EZ', 'IC', 'QO', 'TA', 'UN', 'XA', 'XB', 'XK', 'ZZ']);

const countryCodes = new Set(pairs.filter(isCountry));

function isCountry(code: string): boolean {
  if (noCountries.has(code) || regionNames.of(code) === undefined) return false;
  // A withdrawn code has another one as its canonical form.
  return new Intl.Locale(`und-${code}`).region === code;
}

const countriesByName = new Map<string, string>([
  ...[...countryCodes].map((code): [string, string] => [plain(regionNames.of(code) ?? code), code]),
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

function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('&', 'and')
    .replace(/[.,’']/g, '')
    .trim()
    .toLowerCase();
}

/** ISO 3166-1 alpha-2 of a code or an English name; null when it is neither. */
export function readCountry(text: string): string | null {
  const code = text.trim().toUpperCase();
  if (countryCodes.has(code)) return code;
  return text.length > 100 ? null : (countriesByName.get(plain(text)) ?? null);
}

const languageCodes = new Set(
  pairs.map((pair) => pair.toLowerCase()).filter((code) => languageNames.of(code) !== undefined),
);

/** ISO 639-1 of a code or a locale such as `en-US`; null when it is neither. */
export function readLanguage(text: string): string | null {
  const [, code = ''] = /^([a-z]{2})([-_][a-z0-9_-]{1,30})?$/.exec(text.trim().toLowerCase()) ?? [];
  return languageCodes.has(code) ? code : null;
}

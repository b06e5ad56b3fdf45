// Large and small letters, as Unicode has them, whatever the language.

/** A capital sigma does not become another letter at the end of a word. */
export function toLower(text: string): string {
  return text
    .split('Σ')
    .map((part) => part.toLowerCase())
    .join('σ');
}

/** The first letter large, all others small. */
export function capitalize(text: string): string {
  if (text === '') return '';
  const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return titleOf(first) + toLower(text.slice(first.length));
}

/** Letters that are two in one: the first large and the second small at the start of a word. */
const titles: ReadonlyMap<string, string> = new Map([
  ...titled('ǅ', 'Ǆǅǆ'),
  ...titled('ǈ', 'Ǉǈǉ'),
  ...titled('ǋ', 'Ǌǋǌ'),
  ...titled('ǲ', 'Ǳǲǳ'),
  ...titled('ʼN', 'ŉ'),
]);

function titled(title: string, letters: string): [string, string][] {
  return [...letters].map((letter) => [letter, title]);
}

const GEORGIAN = /[\u10d0-\u10ff\u1c90-\u1cbf]/;
const IOTA = 'Ι';
const IOTA_BELOW = '\u0345';

/** At the start of a word `ß` is `Ss`, an iota below stays there, and Georgian has small letters only. */
function titleOf(letter: string): string {
  const known = titles.get(letter);
  if (known !== undefined) return known;
  if (GEORGIAN.test(letter)) return letter.toLowerCase();
  const [first = '', ...rest] = letter.toUpperCase();
  if (rest.at(-1) === IOTA) return (first + rest.slice(0, -1).join('') + IOTA_BELOW).normalize('NFC');
  return first + rest.join('').toLowerCase();
}

const MAX_RUN = 900;
const BYTES_PER_WORD = 42; // 56 characters of base64, well within the 75 of an encoded word

/** A header's value without the blanks around it, which belong to no text and would fold into an empty line. */
export function trimBlanks(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

/**
 * The value of an unstructured header, encoded if it is not printable ASCII, could be mistaken for an encoded word or
 * has nowhere to fold. Source: RFC 5322 §2.2.1, RFC 2047 §5 (1).
 */
export function encodeUnstructured(text: string): string {
  const trimmed = trimBlanks(text);
  return isPrintable(trimmed) && !trimmed.includes('=?') && canFold(trimmed) ? trimmed : encodeWords(trimmed);
}

/** Whether a text is printable ASCII. */
export function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Whether no stretch between two places to fold is too long for a line. */
export function canFold(text: string): boolean {
  return foldable(text).every((piece) => piece.length <= MAX_RUN);
}

/** Encoded words. No character is split between two of them. Source: RFC 2047. */
export function encodeWords(text: string): string {
  const words: string[] = [];
  let word = '';
  let bytes = 0;
  for (const character of text.toWellFormed()) {
    const size = Buffer.byteLength(character);
    if (bytes + size > BYTES_PER_WORD) {
      words.push(word);
      word = '';
      bytes = 0;
    }
    word += character;
    bytes += size;
  }
  words.push(word);
  return words.map((one) => `=?utf-8?B?${Buffer.from(one, 'utf8').toString('base64')}?=`).join(' ');
}

/**
 * One header, folded at blanks into lines of at most 76 characters where possible. The blank begins the next line, and
 * each line holds more than blanks. Source: RFC 5322 §2.2.3, §3.2.2.
 */
export function headerLine(name: string, value: string): string {
  const line = value === '' ? `${name}:` : `${name}: ${value}`;
  if (line.length <= 76) return line;
  let folded = '';
  let width = 0;
  for (const piece of foldable(line)) {
    const isNext = width > 0 && width + piece.length > 76;
    folded += isNext ? `\r\n${piece}` : piece;
    width = isNext ? piece.length : width + piece.length;
  }
  return folded;
}

/** The words of a line, each with the blanks before it. */
function foldable(line: string): string[] {
  return line.split(/(?<=\S)(?= )/);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** Stands on a page for anything. */
const WILDCARD = '…';

/**
 * What differs between the output on a page and what was printed; null: nothing. `…` stands for anything, and every time,
 * dispatch id and braze id counts as equal to every other. `json`: blanks between the parts do not count. Pure.
 */
export function differenceOf(expected: string, printed: string, { json }: { json: boolean }): string | null {
  const shown = json ? withoutBlanks(expected) : withoutTrailing(expected);
  const found = json ? withoutBlanks(lastAnswer(printed)) : withoutTrailing(printed);
  if (patternOf(anonymous(shown)).test(anonymous(found))) return null;
  return `the page shows\n${shown}\nand it is\n${found}`;
}

/** The text, in which `…` stands for anything. */
export function patternOf(text: string): RegExp {
  return new RegExp(`^${text.split(WILDCARD).map(RegExp.escape).join('.*?')}$`, 's');
}

/** JSON without blanks outside of its texts. */
function withoutBlanks(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_all, text: string | undefined) => text ?? '');
}

function withoutTrailing(text: string): string {
  return text.replace(/[ \t\r]+$/gm, '').trim();
}

/** A block of several requests prints an answer each, on one line or on several; the page shows the last. */
function lastAnswer(printed: string): string {
  const lines = printed.trim().split('\n');
  const begins = lines.findLastIndex((line) => /^[[{]/.test(line));
  return lines.slice(Math.max(begins, 0)).join('\n');
}

function anonymous(text: string): string {
  return text
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/\b[0-9a-f]{32}\b/g, '<dispatch id>')
    .replace(/\b[0-9a-f]{24}\b/g, '<braze id>');
}

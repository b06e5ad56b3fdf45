/** Stands on a page for anything. */
const WILDCARD = '…';

/**
 * What differs between the output on a page and what was printed; null: nothing. `…` stands for anything. Blanks between
 * the parts of JSON do not count, and every time, dispatch id and braze id counts as equal to every other. Pure.
 */
export function differenceOf(expected: string, printed: string): string | null {
  const isJson = /^[[{]/.test(expected.trim());
  const shown = isJson ? withoutBlanks(expected) : withoutTrailing(expected);
  const found = isJson ? withoutBlanks(lastLine(printed)) : withoutTrailing(printed);
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
  return text.replace(/[ \t]+$/gm, '').trim();
}

/** A block of several requests prints an answer each; the page shows the last. */
function lastLine(printed: string): string {
  return printed.trim().split('\n').at(-1) ?? '';
}

function anonymous(text: string): string {
  return text
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/\b[0-9a-f]{32}\b/g, '<dispatch id>')
    .replace(/\b[0-9a-f]{24}\b/g, '<braze id>');
}

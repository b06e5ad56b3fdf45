/** How numbers are written: `1234.5`, `1,234.5` or `1.234,5`. */
export const numberStyles = ['plain', 'thousands_comma', 'decimal_comma'] as const;
export type NumberStyle = (typeof numberStyles)[number];

const readers: Readonly<Record<NumberStyle, (text: string) => number | null>> = {
  plain: (text) => (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : null),
  thousands_comma: (text) =>
    /^-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(text) ? Number(text.replaceAll(',', '')) : null,
  decimal_comma: (text) =>
    /^-?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$/.test(text) ? Number(text.replaceAll('.', '').replace(',', '.')) : null,
};

/** null: the text is no number of this style. */
export function readNumberText(text: string, style: NumberStyle): number | null {
  return readers[style](text);
}

/** The option that reads what `style` cannot read, as a question. Empty: no option reads it. */
export function otherStyleHint(text: string, style: NumberStyle): string {
  const [isThousands, isDecimal] = [readers.thousands_comma(text) !== null, readers.decimal_comma(text) !== null];
  if (style === 'plain' && isThousands && isDecimal) {
    return ' (is the comma for thousands or for decimals? say --thousands-comma or --decimal-comma)';
  }
  if (style !== 'decimal_comma' && isDecimal) return ' (is it written with --decimal-comma?)';
  if (style !== 'thousands_comma' && isThousands) return ' (is it written with --thousands-comma?)';
  return '';
}

interface ColumnTally {
  /** Numbers that another style reads as another number: `2,000`. */
  ambiguous: number;
  /** The first lines that have such numbers. */
  lines: number[];
  /** Whether a number was read that a style with another meaning of the comma cannot read. */
  hasProof: boolean;
  /** Whether a number could not be read, but is one of another style. */
  hasDoubt: boolean;
}

/** The cells of a column that may be meant otherwise. */
export interface InDoubt {
  count: number;
  /** The first lines that have such cells. */
  lines: readonly number[];
}

/** Most lines that are named. */
export const maxLines = 5;

/** Counts, by column, the numbers of a file that may have been meant otherwise. */
export class NumberTally {
  readonly #style: NumberStyle;
  readonly #columns = new Map<string, ColumnTally>();

  constructor(style: NumberStyle) {
    this.#style = style;
  }

  add(column: string, text: string, line: number): void {
    const tally = this.#columns.get(column) ?? { ambiguous: 0, lines: [], hasProof: false, hasDoubt: false };
    const value = readers[this.#style](text);
    const others = numberStyles.filter((style) => style !== this.#style).map((style) => readers[style](text));
    if (value === null) tally.hasDoubt ||= others.some((other) => other !== null);
    else if (others.some((other) => other !== null && other !== value)) {
      tally.ambiguous += 1;
      if (tally.lines.length < maxLines) tally.lines.push(line);
    } else tally.hasProof ||= others.includes(null);
    this.#columns.set(column, tally);
  }

  /**
   * The ambiguous numbers by column, of columns in doubt: they also have numbers of another style, or nothing in
   * them shows that the comma is for decimals.
   */
  inDoubt(): Record<string, InDoubt> {
    const columns = [...this.#columns].filter(
      ([, { ambiguous, hasProof, hasDoubt }]) =>
        ambiguous > 0 && (hasDoubt || (this.#style === 'decimal_comma' && !hasProof)),
    );
    return Object.fromEntries(columns.map(([column, { ambiguous, lines }]) => [column, { count: ambiguous, lines }]));
  }
}

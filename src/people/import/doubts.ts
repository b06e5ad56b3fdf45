import { type InDoubt, maxLines, type NumberStyle, NumberTally } from './numbers.ts';

/** What the cells of a file may have meant otherwise, by the names of their columns. */
export class Doubts {
  readonly numbers: NumberTally;
  readonly #fixedLines = new Map<string, { count: number; lines: number[] }>();

  constructor(style: NumberStyle) {
    this.numbers = new NumberTally(style);
  }

  addFixedLine(column: string, line: number): void {
    const known = this.#fixedLines.get(column) ?? { count: 0, lines: [] };
    known.count += 1;
    if (known.lines.length < maxLines) known.lines.push(line);
    this.#fixedLines.set(column, known);
  }

  /** Phone numbers that are fixed lines if they are numbers of the country that the file names. */
  fixedLines(): Record<string, InDoubt> {
    return Object.fromEntries(this.#fixedLines);
  }
}

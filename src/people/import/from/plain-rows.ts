import { shown } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { RowReader } from '../columns.ts';
import { ImportFileError, type Reading } from '../entry.ts';

/** The rows of a CSV file as objects of texts, by the names of its columns. */
export class PlainRows implements RowReader {
  readonly #header: readonly string[];

  /** Throws ImportFileError when the header cannot be used. `needed`: columns without which it is no such file. */
  constructor(header: readonly string[], needed: readonly string[]) {
    this.#header = header.map((name) => name.trim());
    const refuse = (problem: string) => {
      throw new ImportFileError(`The header cannot be used: ${problem}.`);
    };
    const empty = this.#header.indexOf('');
    if (empty !== -1) refuse(`column ${empty + 1} has no name`);
    const seen = new Set<string>();
    const twice = this.#header.find((name) => seen.size === seen.add(name).size);
    if (twice !== undefined) refuse(`"${shown(twice)}" occurs twice`);
    const missing = needed.find((name) => !seen.has(name));
    if (missing !== undefined) refuse(`there is no column ${missing}; is --delimiter or --from right?`);
  }

  read(cells: readonly string[]): Reading {
    if (cells.length !== this.#header.length) {
      throw new ObjectProblem(
        `expected ${this.#header.length} cells as in the header, got ${cells.length}; is a quote not closed?`,
      );
    }
    const torn = cells.findIndex((cell) => cell.includes('\ufffd'));
    // The decoder replaces bytes that are not UTF-8 with this character.
    if (torn !== -1)
      throw new ObjectProblem(`${shown(this.#header[torn] ?? '')}: the cell is not UTF-8; see --encoding`);
    return { object: this.shown(cells), problems: [], badName: null };
  }

  shown(cells: readonly string[]): object {
    if (cells.length !== this.#header.length) return cells;
    return Object.fromEntries(this.#header.map((name, index) => [name, cells[index]]));
  }
}

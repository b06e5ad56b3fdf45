import { once } from 'node:events';
import { type CsvError, type Parser, parse } from 'csv-parse';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { Columns, type CsvOptions, type RowReader, type RowsOf } from './columns.ts';
import type { Doubts } from './doubts.ts';
import { type Entry, ImportFileError, maxRecordBytes, type Reading, type Shown } from './entry.ts';

/**
 * Reads a CSV file with a header (RFC 4180, LF or CRLF, with or without a byte order mark). `rowsOf` makes the reader of its
 * rows; without it they are read as `options` say. Throws ImportFileError.
 */
export async function* readCsv(
  bytes: AsyncIterable<Buffer>,
  options: CsvOptions,
  doubts?: Doubts,
  rowsOf: RowsOf = (header) => new Columns(header, options, doubts),
): AsyncGenerator<Entry[]> {
  const rows = new Rows(rowsOf);
  const parser = parse({
    bom: true,
    delimiter: options.delimiter,
    // In a cell that is not quoted, a quote is an ordinary character.
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // The only errors are a quote that is never closed and a record that is too long.
    skip_records_with_error: true,
    max_record_size: maxRecordBytes,
    // The callbacks run in the order of the file. The stream itself does not keep records and errors in order.
    on_record: (cells: string[], { lines, bytes: end, empty_lines }) => rows.add(cells, { lines, end, empty_lines }),
    on_skip: (error) => rows.fail(error),
  });
  for await (const chunk of bytes) {
    await write(parser, chunk);
    yield rows.take();
  }
  parser.end();
  parser.resume();
  await once(parser, 'end');
  yield rows.take();
  if (rows.columns === null) throw new ImportFileError('The file is empty: a CSV file begins with a header.');
}

function write(parser: Parser, chunk: Buffer): Promise<void> {
  return new Promise((done, failed) => parser.write(chunk, (error) => (error ? failed(error) : done())));
}

class Rows {
  columns: RowReader | null = null;
  #entries: Entry[] = [];
  #problem: Error | null = null;
  readonly #rowsOf: RowsOf;
  #line = 1;
  #bytes = 0;
  #emptyLines = 0;
  #endLine = 0;

  constructor(rowsOf: RowsOf) {
    this.#rowsOf = rowsOf;
  }

  /** Returns null, so that the parser does not keep the record for its own readers. */
  add(cells: string[], at: { lines: number; end: number; empty_lines: number }): null {
    const line = this.#line + at.empty_lines - this.#emptyLines;
    const sizeBytes = at.end - this.#bytes;
    // The parser counts a CRLF inside quotes as two lines, so we count the line breaks of such a record ourselves.
    const hasLineBreaks = at.lines - this.#endLine > 1 + at.empty_lines - this.#emptyLines;
    this.#line = line + 1 + (hasLineBreaks ? cells.reduce((sum, cell) => sum + newlines(cell), 0) : 0);
    [this.#bytes, this.#emptyLines, this.#endLine] = [at.end, at.empty_lines, at.lines];
    try {
      if (this.columns === null) this.columns = this.#rowsOf(cells);
      else this.#entries.push(new Row(line, sizeBytes, cells, this.columns));
    } catch (error) {
      this.#problem ??= error as Error;
    }
    return null;
  }

  fail(error: CsvError | undefined): undefined {
    if (error?.code === 'CSV_QUOTE_NOT_CLOSED') this.#entries.push(new OpenQuote(this.#line));
    else
      this.#problem ??= new ImportFileError(
        `The record that begins on line ${this.#line} cannot be read: it is longer than ${maxRecordBytes} bytes; is a quote not closed?`,
      );
    return undefined;
  }

  take(): Entry[] {
    if (this.#problem !== null) throw this.#problem;
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }
}

function newlines(cell: string): number {
  return cell.split('\n').length - 1;
}

class Row implements Entry {
  readonly line: number;
  readonly sizeBytes: number;
  readonly #cells: string[];
  readonly #columns: RowReader;

  constructor(line: number, sizeBytes: number, cells: string[], columns: RowReader) {
    this.line = line;
    this.sizeBytes = sizeBytes;
    this.#cells = cells;
    this.#columns = columns;
  }

  read(): Reading {
    return this.#columns.read(this.#cells, this.line);
  }

  shown(): Shown {
    return { cells: this.#columns.shown(this.#cells) };
  }
}

class OpenQuote implements Entry {
  readonly line: number;
  readonly sizeBytes = 0;

  constructor(line: number) {
    this.line = line;
  }

  read(): never {
    throw new ObjectProblem('a quote is opened here and never closed: the rest of the file is inside of it');
  }

  shown(): Shown {
    return { cells: null };
  }
}

import { isUtf8 } from 'node:buffer';
import { isObject, own } from '../../lib/raw/json.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { Columns, type CsvOptions, type RowReader, type RowsOf } from './columns.ts';
import type { Doubts } from './doubts.ts';
import { type Entry, maxRecordBytes, type Reading, type Shown } from './entry.ts';
import { readLater, withoutLater } from './later-lines.ts';
import { isRejectedLine, optionsInHeader } from './rejects-header.ts';

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const maxShownBytes = 64 * 1024;

/**
 * Reads one JSON text per line and skips blank lines, and the first line of a rejects file, which names its options. Any
 * other line of a rejects file is read as the record in it; `options`, or `rowsOf`, say how to read the cells of a rejected
 * row. null: nobody said it, and such rows are refused. Holds one chunk, and one line of at most `maxRecordBytes`.
 */
export async function* readNdjson(
  bytes: AsyncIterable<Buffer>,
  options: CsvOptions | null = null,
  doubts?: Doubts,
  rowsOf: RowsOf | null = options === null ? null : (header) => new Columns(header, options, doubts),
): AsyncGenerator<Entry[]> {
  const lines = new Lines(new RejectedRows(rowsOf));
  for await (const chunk of bytes) yield lines.add(chunk);
  yield lines.end();
}

class Lines {
  #line = 0;
  #parts: Buffer[] = [];
  /** Size of the current line, with the parts of an oversized line that were dropped. */
  #sizeBytes = 0;
  readonly #rows: RejectedRows;

  constructor(rows: RejectedRows) {
    this.#rows = rows;
  }

  add(chunk: Buffer): Entry[] {
    const entries: Entry[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#finish(entries);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return entries;
  }

  end(): Entry[] {
    const entries: Entry[] = [];
    this.#finish(entries);
    return entries;
  }

  #keep(part: Buffer): void {
    this.#sizeBytes += part.length;
    if (this.#sizeBytes <= maxRecordBytes) this.#parts.push(part);
  }

  #finish(entries: Entry[]): void {
    this.#line += 1;
    const whole = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
    const text = this.#line === 1 && whole.subarray(0, 3).equals(byteOrderMark) ? whole.subarray(3) : whole;
    const isOversized = this.#sizeBytes > maxRecordBytes;
    const isHeader = this.#line === 1 && !isOversized && isOptionsLine(text);
    if (isOversized || !(isBlank(text) || isHeader))
      entries.push(new JsonLine(this.#line, this.#sizeBytes, text, isOversized, this.#rows));
    this.#parts = [];
    this.#sizeBytes = 0;
  }
}

/** Whether the text is only JSON white space. */
function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function isOptionsLine(text: Buffer): boolean {
  try {
    return optionsInHeader(JSON.parse(text.toString())) !== null;
  } catch {
    return false; // What is no JSON is reported as a record.
  }
}

/** Reads the rows of a CSV file that stand in its rejects file. */
export class RejectedRows {
  readonly #rowsOf: RowsOf | null;
  #columns: RowReader | null = null;
  #header = '';

  constructor(rowsOf: RowsOf | null) {
    this.#rowsOf = rowsOf;
  }

  /** `line`: of the rejects file. */
  read(cells: object, line: number): Reading {
    if (this.#rowsOf === null) {
      throw new ObjectProblem(
        'cells: nothing says how to read them; import the rejects file itself, with its first line',
      );
    }
    const names = Object.keys(cells);
    const header = JSON.stringify(names);
    if (this.#columns === null || header !== this.#header) this.#columns = this.#rowsOf(names);
    this.#header = header;
    const texts = Object.values(cells).map((cell) => (typeof cell === 'string' ? cell : String(cell)));
    return this.#columns.read(texts, line);
  }
}

/** The JSON text of one record. */
export class JsonLine implements Entry {
  readonly line: number;
  readonly sizeBytes: number;
  readonly #text: Buffer;
  readonly #isOversized: boolean;
  readonly #rows: RejectedRows;

  constructor(line: number, sizeBytes: number, text: Buffer, isOversized: boolean, rows: RejectedRows) {
    this.line = line;
    this.sizeBytes = sizeBytes;
    this.#text = text;
    this.#isOversized = isOversized;
    this.#rows = rows;
  }

  read(): Reading {
    const found = rejectedIn(this.#parse());
    const reading = this.#reading(found);
    if (found.later === undefined) return reading;
    const { record, problems } = withoutLater(reading.object, found.later);
    return { ...reading, object: record, problems: [...reading.problems, ...problems] };
  }

  #reading(found: Shown): Reading {
    if ('record' in found) return { object: found.record, problems: [], badName: null };
    if (isObject(found.cells)) return this.#rows.read(found.cells, this.line);
    throw new ObjectProblem('cells: expected the cells by the names of their columns; mend them so');
  }

  shown(): Shown {
    try {
      return rejectedIn(this.#parse());
    } catch {
      return { record: this.#text.subarray(0, maxShownBytes).toString() };
    }
  }

  #parse(): unknown {
    if (this.#isOversized) throw new ObjectProblem(`expected at most ${maxRecordBytes} bytes in a line`);
    if (!isUtf8(this.#text)) throw new ObjectProblem('the line is not UTF-8; see --encoding');
    try {
      return JSON.parse(this.#text.toString());
    } catch {
      // The parser's own message is left out, because it quotes the line and so personal data.
      throw new ObjectProblem('the line is not JSON');
    }
  }
}

/** The record in a line of a rejects file. Any other value is the record itself. */
function rejectedIn(value: unknown): Shown {
  if (!isRejectedLine(value)) return { record: value };
  const later = readLater(own(value, 'later'));
  const beside = later === null ? {} : { later };
  if (Object.hasOwn(value, 'cells')) return { cells: own(value, 'cells'), ...beside };
  return Object.hasOwn(value, 'record') ? { record: own(value, 'record'), ...beside } : { record: value };
}

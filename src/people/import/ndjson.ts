import { isUtf8 } from 'node:buffer';
import { ObjectProblem } from '../../lib/problems.ts';
import { type Entry, maxRecordBytes } from './entry.ts';

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const maxShownBytes = 64 * 1024;

/** Reads one JSON text per line and skips blank lines. Holds one chunk, and one line of at most `maxRecordBytes`. */
export async function* readNdjson(bytes: AsyncIterable<Buffer>): AsyncGenerator<Entry[]> {
  const lines = new Lines();
  for await (const chunk of bytes) yield lines.add(chunk);
  yield lines.end();
}

class Lines {
  #line = 0;
  #parts: Buffer[] = [];
  /** Size of the current line, with the parts of an oversized line that were dropped. */
  #sizeBytes = 0;

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
    if (isOversized || !isBlank(text)) entries.push(new JsonLine(this.#line, this.#sizeBytes, text, isOversized));
    this.#parts = [];
    this.#sizeBytes = 0;
  }
}

/** Whether the text is only JSON white space. */
function isBlank(text: Buffer): boolean {
  return text.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

class JsonLine implements Entry {
  readonly line: number;
  readonly sizeBytes: number;
  readonly #text: Buffer;
  readonly #isOversized: boolean;

  constructor(line: number, sizeBytes: number, text: Buffer, isOversized: boolean) {
    this.line = line;
    this.sizeBytes = sizeBytes;
    this.#text = text;
    this.#isOversized = isOversized;
  }

  read(): unknown {
    if (this.#isOversized) throw new ObjectProblem(`expected at most ${maxRecordBytes} bytes in a line`);
    if (!isUtf8(this.#text)) throw new ObjectProblem('the line is not UTF-8');
    try {
      return JSON.parse(this.#text.toString());
    } catch {
      // The parser's own message is left out, because it quotes the line and so personal data.
      throw new ObjectProblem('the line is not JSON');
    }
  }

  shown(): unknown {
    try {
      return this.read();
    } catch {
      return this.#text.subarray(0, maxShownBytes).toString();
    }
  }
}

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** One line of a stream, without its end. */
export interface TextLine {
  /** From 1. Blank lines count. */
  number: number;
  /** null: it is longer than lines may be, and was dropped. */
  bytes: Buffer | null;
  /** Of the line as it came, with its end. */
  sizeBytes: number;
}

/**
 * Cuts a stream of bytes into lines at LF, whichever way it comes in pieces. The last line needs no LF. A byte order mark
 * at the start is left out; a CR at the end of a line stays, because it is white space of JSON. Characters are not looked
 * at, so none can be torn apart. It holds one line of at most `mostBytes`.
 */
export class LineCutter {
  readonly #mostBytes: number;
  #number = 0;
  #parts: Buffer[] = [];
  #sizeBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  *add(chunk: Buffer): Generator<TextLine> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      yield this.#take(1);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** The last line, if it did not end. */
  *end(): Generator<TextLine> {
    if (this.#sizeBytes > 0) yield this.#take(0);
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#sizeBytes += part.length;
    if (this.#sizeBytes <= this.#mostBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  #take(endBytes: number): TextLine {
    this.#number += 1;
    const isTooLong = this.#sizeBytes > this.#mostBytes;
    const whole = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts);
    const hasMark = this.#number === 1 && whole.subarray(0, 3).equals(byteOrderMark);
    const line = {
      number: this.#number,
      bytes: isTooLong ? null : hasMark ? whole.subarray(3) : whole,
      sizeBytes: this.#sizeBytes + endBytes,
    };
    this.#parts = [];
    this.#sizeBytes = 0;
    return line;
  }
}

/** Whether a line holds only white space of JSON. */
export function isBlankLine(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

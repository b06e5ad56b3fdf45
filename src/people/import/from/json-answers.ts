import { type Entry, ImportFileError, maxRecordBytes } from '../entry.ts';
import { JsonLine, RejectedRows } from '../ndjson.ts';
import { OpenEnd, Stray } from './faults.ts';

const [quote, backslash, newline] = [0x22, 0x5c, 0x0a];
const [openBrace, closeBrace, openBracket, closeBracket, comma] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c];
/** Longest key of an answer that is looked at. */
const longestKey = 16;

/**
 * Reads answers of the original: JSON texts, one or several, written on one line or many, each with the people in its
 * member `users`, or a mere array of people. Holds one chunk, and one person of at most `maxRecordBytes`. Throws
 * ImportFileError if there is no list of people.
 */
export async function* readAnswers(bytes: AsyncIterable<Buffer>): AsyncGenerator<Entry[]> {
  const answers = new Answers();
  for await (const chunk of bytes) yield answers.add(chunk);
  yield answers.end();
}

/** Finds where people begin and end by brackets and quotes alone. What is between is read by JSON.parse. */
class Answers {
  #entries: Entry[] = [];
  #line = 1;
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  /** The last text directly in an answer, which may be a key. null: it is too long for one. */
  #key: number[] | null = [];
  /** The depth inside the list of people. 0: outside of it. */
  #listDepth = 0;
  #hasList = false;
  /** Whether something that is no person was found since the last comma of the list. */
  #isStray = false;
  /** Where the present person begins: its line, and its bytes in former chunks. null: outside of a person. */
  #person: { line: number; parts: Buffer[]; sizeBytes: number } | null = null;
  readonly #rows = new RejectedRows(null);

  add(chunk: Buffer): Entry[] {
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index] ?? 0;
      if (byte === newline) this.#line += 1;
      if (this.#isText) {
        this.#inText(byte);
        continue;
      }
      if (byte === openBrace || byte === openBracket) {
        if (this.#person === null && this.#depth === this.#listDepth && this.#depth > 0) start = this.#begin(index);
        this.#open(byte);
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth -= 1;
        if (this.#person !== null && this.#depth === this.#listDepth) this.#finish(chunk.subarray(start, index + 1));
        else if (this.#depth < this.#listDepth) this.#listDepth = 0;
        if (this.#depth < 0) this.#depth = 0;
      } else this.#between(byte);
    }
    if (this.#person !== null) this.#keep(chunk.subarray(start));
    return this.#take();
  }

  end(): Entry[] {
    if (this.#depth > 0 || this.#isText) this.#entries.push(new OpenEnd(this.#person?.line ?? this.#line));
    if (!this.#hasList) throw new ImportFileError('The file has no list of people: expected a member "users".');
    return this.#take();
  }

  #take(): Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  #inText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isText = false;
    if (this.#isText && this.#depth === 1 && this.#key !== null) {
      if (this.#key.length < longestKey) this.#key.push(byte);
      else this.#key = null;
    }
  }

  #open(byte: number): void {
    const isUsers = this.#depth === 1 && this.#key !== null && Buffer.from(this.#key).toString() === 'users';
    this.#depth += 1;
    if (this.#listDepth > 0 || byte !== openBracket || !(isUsers || this.#depth === 1)) return;
    this.#listDepth = this.#depth;
    this.#hasList = true;
    this.#isStray = false;
  }

  /** A byte that is neither a bracket nor within a text. */
  #between(byte: number): void {
    const isInList = this.#person === null && this.#depth > 0 && this.#depth === this.#listDepth;
    if (byte === quote) {
      this.#isText = true;
      if (this.#depth === 1) this.#key = [];
    }
    if (!isInList) return;
    if (byte === comma) this.#isStray = false;
    else if (byte > 0x20 && !this.#isStray) {
      this.#isStray = true;
      this.#entries.push(new Stray(this.#line));
    }
  }

  #begin(index: number): number {
    this.#person = { line: this.#line, parts: [], sizeBytes: 0 };
    return index;
  }

  #keep(part: Buffer): void {
    if (this.#person === null) return;
    this.#person.sizeBytes += part.length;
    if (this.#person.sizeBytes <= maxRecordBytes) this.#person.parts.push(part);
    else this.#person.parts = [];
  }

  #finish(part: Buffer): void {
    this.#keep(part);
    if (this.#person === null) return;
    const { line, parts, sizeBytes } = this.#person;
    this.#entries.push(new JsonLine(line, sizeBytes, Buffer.concat(parts), sizeBytes > maxRecordBytes, this.#rows));
    this.#person = null;
  }
}

import { createHash } from 'node:crypto';
import { Problems } from '../../../lib/raw/problems.ts';
import type { TextLine } from '../../../lib/text-lines.ts';
import type { ListedRecipient } from '../../ledger/lists/chunks.ts';
import { readListed } from './read-line.ts';

/** Most lines of a chunk, and most bytes but for its last line. Both depend on the lines alone: a list is always cut alike. */
const MOST_LINES = 1_000;
const MOST_BYTES = 1_048_576;

/** Lines that are stored together. */
export interface RawChunk {
  lines: readonly TextLine[];
  sizeBytes: number;
  /** Of the lines and their numbers. */
  hash: Buffer;
}

/** The people of a chunk. */
export interface ReadChunk {
  hash: Buffer;
  sizeBytes: number;
  recipients: readonly ListedRecipient[];
}

/** Gathers the lines of people into chunks. */
export class ChunkMaker {
  #lines: TextLine[] = [];
  #sizeBytes = 0;

  /** Adds a line. Returns the chunk that is full with it. */
  add(line: TextLine): RawChunk | null {
    this.#lines.push(line);
    this.#sizeBytes += line.sizeBytes;
    return this.#lines.length >= MOST_LINES || this.#sizeBytes >= MOST_BYTES ? this.take() : null;
  }

  /** The rest. null: there is none. */
  take(): RawChunk | null {
    if (this.#lines.length === 0) return null;
    const hash = createHash('sha256');
    for (const { number, bytes } of this.#lines) hash.update(`${number} ${bytes?.length ?? -1} `).update(bytes ?? '');
    const chunk = { lines: this.#lines, sizeBytes: this.#sizeBytes, hash: hash.digest() };
    this.#lines = [];
    this.#sizeBytes = 0;
    return chunk;
  }
}

/** Reads the people of a chunk. Throws RequestError, which names the lines that are wrong. */
export function readChunk({ lines, sizeBytes, hash }: RawChunk): { chunk: ReadChunk; warnings: readonly string[] } {
  const problems = new Problems();
  const recipients = lines.flatMap((line) => readListed(line, problems) ?? []);
  problems.throwIfAny();
  problems.warnAtEnd();
  const { warnings } = problems;
  return { chunk: { hash, sizeBytes, recipients }, warnings };
}

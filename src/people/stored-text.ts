import { ObjectProblem } from '../lib/raw/problems.ts';
import { isStorable } from '../lib/raw/storable.ts';

/** Reads a text, or an integer as text, that PostgreSQL can store and index. Throws ObjectProblem. */
export function readName(value: unknown, path: string, maxBytes = 997): string {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text.trim() === '') throw new ObjectProblem(`${path}: expected a non-empty text`);
  if (!isStorable(text)) throw new ObjectProblem(`${path}: expected Unicode text without NUL`);
  if (Buffer.byteLength(text) > maxBytes) throw new ObjectProblem(`${path}: expected at most ${maxBytes} bytes`);
  return text;
}

/** Reads a text of at most `maxLength` characters. Throws ObjectProblem. */
export function readShortText(value: unknown, path: string, maxLength = 255): string {
  if (typeof value !== 'string') throw new ObjectProblem(`${path}: expected a text`);
  if (!isStorable(value)) throw new ObjectProblem(`${path}: expected Unicode text without NUL`);
  // Code points are counted only when the number of code units does not decide.
  if (value.length > maxLength && (value.length > 2 * maxLength || [...value].length > maxLength)) {
    throw new ObjectProblem(`${path}: expected at most ${maxLength} characters`);
  }
  return value;
}

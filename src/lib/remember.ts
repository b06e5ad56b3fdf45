import { hash } from 'node:crypto';
import { BoundedCache } from './bounded-cache.ts';

/** Shorter texts are kept themselves: a hash takes a microsecond. No hash is as short, so a text is never taken for one. */
const LONGEST_KEPT = 40;

/** A key, its entry and the references to it. */
const ENTRY_BYTES = 200;

/**
 * Caches a pure function of a text: keeps the answers used last, under the texts or hashes of them, in at most `mostBytes`.
 */
export function remember<T extends string | boolean | null>(
  mostBytes: number,
  answer: (text: string) => T,
): (text: string) => T {
  const known = new BoundedCache<string, { answer: T }>({ mostBytes });
  return (text) => {
    const key = text.length <= LONGEST_KEPT ? text : hash('sha256', text, 'base64');
    const found = known.get(key);
    if (found !== undefined) return found.answer;
    const made = { answer: answer(text) };
    known.set(key, made, ENTRY_BYTES + (typeof made.answer === 'string' ? 2 * made.answer.length : 0));
    return made.answer;
  };
}

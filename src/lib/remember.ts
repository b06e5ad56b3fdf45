import { hash } from 'node:crypto';

/** Caches a pure function of a text: keeps the `most` last used answers, under hashes of the texts. */
export function remember<T>(most: number, answer: (text: string) => T): (text: string) => T {
  const known = new Map<string, { answer: T }>();
  return (text) => {
    const key = hash('sha256', text, 'base64');
    const found = known.get(key) ?? { answer: answer(text) };
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    return found.answer;
  };
}

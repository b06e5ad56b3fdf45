import { isAbsolute, resolve } from 'node:path';

export interface Variable<T> {
  name: string;
  fallback: T;
  /** The fallback as the documentation writes it. */
  shownFallback: string;
  expected: string;
  meaning: string;
  /** What is wrong with the text, if that needs more words than `expected`. null: nothing, or only that. */
  problemOf?(text: string): string | null;
  /** Reads the value. Returns undefined if the text is not as expected. */
  read(text: string): T | undefined;
}

export function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}

export function integer(least: number, most: number): (text: string) => number | undefined {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  };
}

export function url(protocols: readonly string[]): (text: string) => string | undefined {
  return (text) => (URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined);
}

/** An absolute path. */
export function path(text: string): string | undefined {
  if (text.includes('\0')) return undefined;
  return isAbsolute(text) ? text : resolve(text);
}

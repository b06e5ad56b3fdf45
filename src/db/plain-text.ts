const MOST_CHARACTERS = 500;

/** Makes a foreign text fit for PostgreSQL and for a table: at most 500 characters, without control characters. */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, MOST_CHARACTERS);
}

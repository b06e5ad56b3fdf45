const MOST_CHARACTERS = 500;

/** A text that others made, in a form that PostgreSQL takes and a table shows: at most 500 characters, none of control. */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, MOST_CHARACTERS);
}

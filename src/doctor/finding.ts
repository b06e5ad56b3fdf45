/** Something that is wrong with an installation, or will be. */
export interface Finding {
  /** What was looked at, such as `database`. */
  area: string;
  /** The thing in it: a relay, an app, a domain. null: the area is one thing. */
  subject: string | null;
  /** What is wrong. */
  problem: string;
  /** How it is known: what was asked, and what was answered. */
  known: string;
  /** What to do. */
  mend: string;
}

/** A network's or system's error as people read it: its code, and its message if that says more. */
export function wordsOf(error: unknown): string {
  const { code, message, cause } = Object(error) as { code?: unknown; message?: string; cause?: unknown };
  // `fetch` hides the reason in the cause.
  if (cause instanceof Error && message === 'fetch failed') return wordsOf(cause);
  const said = message?.trim() || String(error);
  return typeof code === 'string' && !said.includes(code) ? `${code}: ${said}` : said;
}

/** From the start of a closing tag to its end. */
export interface Span {
  start: number;
  end: number;
}

/** The closing tag of a `raw` whose inside begins at `from`; null if there is none. */
export function endOfRaw(text: string, from: number): Span | null {
  const closing = /\{%-?[ \t-\r]*endraw\b/g;
  closing.lastIndex = from;
  const match = closing.exec(text);
  return match === null ? null : spanFrom(text, match.index, closing.lastIndex);
}

/** Likewise of a `comment`. Comments may stand in comments. */
export function endOfComment(text: string, from: number): Span | null {
  const tag = /\{%-?[ \t-\r]*(comment|endcomment|raw)\b/g;
  tag.lastIndex = from;
  let depth = 1;
  for (let match = tag.exec(text); match !== null; match = tag.exec(text)) {
    const isRaw = match[1] === 'raw';
    const span = isRaw ? endOfRaw(text, tag.lastIndex) : spanFrom(text, match.index, tag.lastIndex);
    if (span === null) return null;
    if (!isRaw) depth += match[1] === 'comment' ? 1 : -1;
    if (depth === 0) return span;
    tag.lastIndex = span.end;
  }
  return null;
}

function spanFrom(text: string, start: number, from: number): Span | null {
  const end = text.indexOf('%}', from);
  return end === -1 ? null : { start, end: end + 2 };
}

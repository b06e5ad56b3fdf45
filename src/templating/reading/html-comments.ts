/** A text made of another one. */
export interface DerivedText {
  text: string;
  /** An offset in the text → the offset of the same place in the original. */
  originalAt(at: number): number;
}

/**
 * HTML without its comments, so that no tag in them runs. Conditional comments of mail clients stay as they are, since
 * they are shown; their Liquid does not run either. What is not closed stays. Source: personalization.md §1.
 */
export function withoutComments(html: string): DerivedText {
  const kept: string[] = [];
  const pieces: Piece[] = [];
  let length = 0;
  const keep = (text: string, original: number) => {
    kept.push(text);
    pieces.push({ at: length, original });
    length += text.length;
  };
  let from = 0;
  for (let at = html.indexOf('<!--'); at !== -1; at = html.indexOf('<!--', from)) {
    const end = html.indexOf('-->', at + 4);
    if (end === -1) break;
    keep(html.slice(from, at), from);
    keep(literal(html.slice(at, end + 3)), at);
    from = end + 3;
  }
  keep(html.slice(from), from);
  return { text: kept.join(''), originalAt: (at) => originalAt(pieces, at) };
}

/** Where a piece begins in the derived text and in the original. */
interface Piece {
  at: number;
  original: number;
}

function originalAt(pieces: readonly Piece[], at: number): number {
  const piece = pieces.findLast((one) => one.at <= at);
  return piece === undefined ? at : piece.original + at - piece.at;
}

const conditional = /^<!--\s*(?:<!)?\[(?:if|endif)\b/i;

/** Nothing for a comment; for a conditional one, a template that prints it. */
function literal(comment: string): string {
  if (!conditional.test(comment)) return '';
  if (!/\{[{%]/.test(comment) || comment.includes('endraw')) return comment;
  return `{% raw %}${comment}{% endraw %}`;
}

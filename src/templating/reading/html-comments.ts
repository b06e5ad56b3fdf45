/**
 * HTML without its comments, so that no tag in them runs. Conditional comments of mail clients stay as they are, since
 * they are shown; their Liquid does not run either. What is not closed stays. Source: personalization.md §1.
 */
export function withoutComments(html: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let at = html.indexOf('<!--'); at !== -1; at = html.indexOf('<!--', from)) {
    const end = html.indexOf('-->', at + 4);
    if (end === -1) break;
    kept.push(html.slice(from, at), literal(html.slice(at, end + 3)));
    from = end + 3;
  }
  kept.push(html.slice(from));
  return kept.join('');
}

const conditional = /^<!--\s*(?:<!)?\[(?:if|endif)\b/i;

/** Nothing for a comment; for a conditional one, a template that prints it. */
function literal(comment: string): string {
  if (!conditional.test(comment)) return '';
  if (!/\{[{%]/.test(comment) || comment.includes('endraw')) return comment;
  return `{% raw %}${comment}{% endraw %}`;
}

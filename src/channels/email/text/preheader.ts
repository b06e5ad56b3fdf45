/**
 * Adds the preheader, which mail programs show beside the subject and which is hidden in the mail itself, as the first
 * content of the body. It comes after CSS is inlined, because a rule of the mail could show it.
 */
export function withPreheader(html: string, preheader: string): string {
  const text = preheader.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const element = `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${text}</div>`;
  const body = html.search(/<body\b/i);
  const end = body === -1 ? -1 : html.indexOf('>', body);
  const at = end + 1;
  return html.slice(0, at) + element + html.slice(at);
}

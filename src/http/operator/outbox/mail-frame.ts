import type { Answer } from '../../route.ts';

/**
 * A mail may do nothing: it has no origin, no script, no form and no connection. Its own styles and inlined images show.
 * `remote`: images and styles from outside load too, in this browser alone.
 */
function policyOf(remote: boolean): string {
  const outside = remote ? ' https: http:' : '';
  return [
    "default-src 'none'",
    `style-src 'unsafe-inline'${outside}`,
    `img-src data:${outside}`,
    ...(remote ? ['font-src https: http:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ].join('; ');
}

/** The HTML of a mail as a document of its own, for a frame without any right. A mail without HTML shows its text. */
export function mailFrame(message: Record<string, unknown>, remote: boolean): Answer {
  const { html, plaintext } = message;
  const document = typeof html === 'string' ? html : `<pre>${escaped(String(plaintext ?? ''))}</pre>`;
  return {
    status: 200,
    body: {},
    html: `<!doctype html><base target="_blank"><meta name="referrer" content="no-referrer">${document}`,
    headers: { 'content-security-policy': policyOf(remote), 'referrer-policy': 'no-referrer' },
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

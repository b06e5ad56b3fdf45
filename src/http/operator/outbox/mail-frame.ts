import type { Answer } from '../../route.ts';

/** What the frame of a mail may beside nothing: to open links outside. */
const SANDBOX = 'allow-popups allow-popups-to-escape-sandbox';

/**
 * A mail may do nothing: it has no script, no form and no connection. Its own styles and inlined images show.
 * `remote`: images and styles from outside load too, in this browser alone.
 */
function policyOf(remote: boolean, sandbox: string): string {
  const outside = remote ? ' https: http:' : '';
  return [
    "default-src 'none'",
    `style-src 'unsafe-inline'${outside}`,
    `img-src data:${outside}`,
    ...(remote ? ['font-src https: http:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    `sandbox ${sandbox}`,
  ].join('; ');
}

/** The HTML of a mail as a document of its own, without an origin. A mail without HTML shows its text. */
export function mailFrame(message: Record<string, unknown>, remote: boolean): Answer {
  const { html, plaintext } = message;
  const document = typeof html === 'string' ? html : `<pre>${escaped(String(plaintext ?? ''))}</pre>`;
  return framed(document, policyOf(remote, SANDBOX));
}

/**
 * An empty document for a mail that is not sent, which the console fills. It has the origin of the console, because the
 * console could not reach into it otherwise. What keeps scripts out is the policy, and the sandbox once more.
 */
export function emptyMailFrame(remote: boolean): Answer {
  return framed('', policyOf(remote, `allow-same-origin ${SANDBOX}`));
}

function framed(document: string, policy: string): Answer {
  return {
    status: 200,
    body: {},
    html: `<!doctype html><base target="_blank"><meta name="referrer" content="no-referrer">${document}`,
    headers: { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' },
  };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

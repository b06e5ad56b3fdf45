import { readMailbox } from '../../lib/email-address.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { RenderFacts } from '../channel.ts';
import { requireText } from '../fields.ts';
import { plaintextOf } from './plaintext.ts';
import type { RenderedEmail } from './rendered.ts';
import { type EmailMessage, extrasBytes, MAX_EXTRAS_BYTES, NO_REPLY_TO } from './schema.ts';
import { encodeStructured, isStructured, UNWRITABLE } from './structured-header.ts';

export function renderEmail(message: EmailMessage, facts: RenderFacts): RenderedEmail {
  const body = requireText('body', message.body);
  const extras = message.extras ?? {};
  if (extrasBytes(extras) > MAX_EXTRAS_BYTES)
    throw new RenderStop('payload_too_large', `extras: more than ${MAX_EXTRAS_BYTES} bytes`);
  return {
    from: mailbox('from', message.from ?? ''),
    reply_to: replyTo(message.reply_to),
    subject: oneLine('subject', message.subject ?? ''),
    html: message.preheader === undefined ? body : withPreheader(body, message.preheader),
    plaintext: message.plaintext_body ?? plaintextOf(body),
    headers: Object.fromEntries(
      Object.entries(message.headers ?? {}).map(([name, value]) => [name, writable(name, value)]),
    ),
    extras,
    unsubscribe_url: facts.unsubscribeUrl,
  };
}

function mailbox(key: string, text: string): string {
  if (readMailbox(oneLine(key, text)) === null)
    throw new RenderStop('aborted', `${key}: not an email address after rendering`);
  return text;
}

function replyTo(text: string | undefined): string | null {
  return text === undefined || text === NO_REPLY_TO || text.trim() === '' ? null : mailbox('reply_to', text);
}

/** Refuses line breaks, because with one a person's name could add headers. */
function oneLine(key: string, text: string): string {
  if (/[\r\n\0]/.test(text)) throw new RenderStop('aborted', `${key}: holds a line break or NUL after rendering`);
  return text;
}

/** Refuses a structured header that cannot be written in ASCII. */
function writable(name: string, value: string): string {
  const line = oneLine(`headers.${name}`, value);
  if (isStructured(name) && encodeStructured(line) === null)
    throw new RenderStop('aborted', `headers.${name}: ${UNWRITABLE} after rendering`);
  return line;
}

/** Adds the preheader, which mail programs show beside the subject and which is hidden in the mail itself. */
function withPreheader(html: string, preheader: string): string {
  const text = preheader.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const element = `<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${text}</div>`;
  const body = html.search(/<body\b/i);
  const at = body === -1 ? 0 : html.indexOf('>', body) + 1;
  return html.slice(0, at) + element + html.slice(at);
}

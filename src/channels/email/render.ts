import { readMailbox } from '../../lib/email-address.ts';
import { readFlag } from '../../lib/raw/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { RenderFacts } from '../channel.ts';
import { readRendered, requireText } from '../fields.ts';
import { renderAttachments } from './attachments/schema.ts';
import { copyAddress } from './bcc.ts';
import { encodeStructured, isStructured, UNWRITABLE } from './mime/structured-header.ts';
import type { RenderedEmail } from './rendered.ts';
import { type EmailMessage, extrasBytes, MAX_EXTRAS_BYTES, NO_REPLY_TO } from './schema.ts';
import { inlineCss } from './text/inline-css.ts';
import { plaintextOf } from './text/plaintext.ts';
import { withPreheader } from './text/preheader.ts';
import { trackHtml } from './tracking/html.ts';

export function renderEmail(message: EmailMessage, facts: RenderFacts): RenderedEmail {
  const body = requireText('body', message.body);
  const inlines =
    readRendered('should_inline_css', message.should_inline_css, readFlag) ?? facts.settings?.email.inlineCss ?? false;
  const html = inlines ? inlineCss(body) : body;
  const extras = message.extras ?? {};
  if (extrasBytes(extras) > MAX_EXTRAS_BYTES)
    throw new RenderStop('payload_too_large', `extras: more than ${MAX_EXTRAS_BYTES} bytes`);
  const bcc = copyAddress(message.bcc, facts.settings?.email.bcc ?? null);
  return {
    from: mailbox('from', message.from ?? ''),
    reply_to: replyTo(message.reply_to),
    ...(bcc !== null && { bcc }),
    subject: oneLine('subject', message.subject ?? ''),
    html: tracked(message.preheader === undefined ? html : withPreheader(html, message.preheader), message, facts),
    plaintext: message.plaintext_body ?? plaintextOf(body),
    headers: Object.fromEntries(
      Object.entries(message.headers ?? {}).map(([name, value]) => [name, writable(name, value)]),
    ),
    extras,
    unsubscribe_url: facts.unsubscribeUrl,
    ...(message.attachments !== undefined && { attachments: renderAttachments(message.attachments) }),
  };
}

/** After all else, so that the preheader stays first and the pixel last. The text part is made without it. */
function tracked(html: string, { cresset }: EmailMessage, { tracker, settings }: RenderFacts): string {
  if (tracker === undefined) return html;
  return trackHtml(html, tracker, {
    opens: tracker.opens && (cresset?.track_opens ?? settings?.tracking?.opens ?? false),
    clicks: tracker.clicks && (cresset?.track_clicks ?? settings?.tracking?.clicks ?? false),
  });
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

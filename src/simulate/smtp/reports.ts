import type { SentMail } from './sent-mail.ts';
import type { MailNews } from './smtp-answers.ts';

/** A mail that another mail server sends back. */
export interface Report {
  to: string;
  raw: string;
}

const failures: Partial<Record<MailNews, readonly [action: string, status: string, said: string]>> = {
  bounced: ['failed', '5.1.1', '550 5.1.1 The email account that you tried to reach does not exist'],
  full: ['failed', '5.2.2', '552 5.2.2 The recipient is over quota'],
  delayed: ['delayed', '4.4.1', '451 4.4.1 No answer from host'],
};

/** The report of what became of a mail, to the sender in its envelope. null: mail servers report nothing of it. */
export function reportOf(news: MailNews, mail: SentMail): Report | null {
  if (mail.from === '') return null; // Nothing is reported of a report. Source: RFC 5321 §4.5.5.
  const failure = failures[news];
  if (failure !== undefined) return { to: mail.from, raw: statusReport(mail, failure) };
  if (news === 'vacation') return { to: mail.from, raw: vacation(mail) };
  const domain = mail.from.split('@').at(-1);
  return news === 'complained' ? { to: `fbl@${domain}`, raw: complaint(mail) } : null;
}

/** Source: RFC 3464. */
function statusReport(mail: SentMail, [action, status, said]: readonly [string, string, string]): string {
  const { to, envelopeId, at } = mail;
  return parts('report; report-type=delivery-status', mail.from, 'Undelivered Mail Returned to Sender', [
    ['text/plain; charset=us-ascii', [`Your mail to ${to} could not be delivered: ${said}`]],
    [
      'message/delivery-status',
      [
        'Reporting-MTA: dns; mx.simulated.test',
        ...(envelopeId === null ? [] : [`Original-Envelope-Id: ${envelopeId}`]),
        `Arrival-Date: ${dateText(at)}`,
        '',
        `Final-Recipient: rfc822; ${to}`,
        `Action: ${action}`,
        `Status: ${status}`,
        `Diagnostic-Code: smtp; ${said}`,
        `Last-Attempt-Date: ${dateText(at)}`,
      ],
    ],
    ['text/rfc822-headers', mail.headers.map(([name, value]) => `${name}: ${value}`)],
  ]);
}

/** Source: RFC 5965. */
function complaint(mail: SentMail): string {
  return parts('report; report-type=feedback-report', `fbl@${mail.from.split('@').at(-1)}`, 'FW: a complaint', [
    ['text/plain; charset=us-ascii', ['This is an email abuse report.']],
    [
      'message/feedback-report',
      [
        ...['Feedback-Type: abuse', 'User-Agent: cresset-simulate/1', 'Version: 1'],
        ...[`Original-Mail-From: <${mail.from}>`, `Arrival-Date: ${dateText(mail.at)}`],
      ],
    ],
    ['message/rfc822', [...mail.headers.map(([name, value]) => `${name}: ${value}`), '', 'The text of the mail.']],
  ]);
}

function vacation({ from, to }: SentMail): string {
  return lines([
    ...[`From: <${to}>`, `To: <${from}>`, 'Subject: Away', 'Auto-Submitted: auto-replied', 'MIME-Version: 1.0'],
    ...['Content-Type: text/plain', '', '550 5.1.1 is what I would say if I were not on holiday.', ''],
  ]);
}

function parts(kind: string, to: string, subject: string, all: readonly [string, readonly string[]][]): string {
  return lines([
    ...['From: Mail Delivery System <MAILER-DAEMON@mx.simulated.test>', `To: <${to}>`, `Subject: ${subject}`],
    ...['Auto-Submitted: auto-replied', 'MIME-Version: 1.0', `Content-Type: multipart/${kind}; boundary="part"`, ''],
    ...all.flatMap(([type, content]) => ['--part', `Content-Type: ${type}`, '', ...content, '']),
    ...['--part--', ''],
  ]);
}

function dateText(at: Date): string {
  return at.toUTCString().replace(/GMT$/, '+0000');
}

function lines(all: readonly string[]): string {
  return all.join('\r\n');
}

/** A bounce mail as mail servers write it, with invented data. Source: RFC 3464. */
export interface Dsn {
  recipient: string;
  original?: string;
  action?: string;
  status?: string;
  diagnostic?: string;
  /** What the part for people says. */
  prose?: string;
  /** Headers of our mail that are returned. */
  returned?: string;
  envelopeId?: string;
}

export function dsn(given: Dsn): string {
  const { recipient, original, action = 'failed', status = '5.1.1', diagnostic = '550 5.1.1 no such user' } = given;
  return lines([
    'From: Mail Delivery System <MAILER-DAEMON@mx.example.test>',
    'To: bounce@bounces.acme.test',
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    '',
    '--b1',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    given.prose ?? 'I am sorry to inform you that your mail could not be delivered.',
    '',
    '--b1',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.test',
    ...(given.envelopeId === undefined ? [] : [`Original-Envelope-Id: ${given.envelopeId}`]),
    'Arrival-Date: Sun, 15 Mar 2026 11:59:00 +0000',
    '',
    ...(original === undefined ? [] : [`Original-Recipient: rfc822;${original}`]),
    `Final-Recipient: rfc822; ${recipient}`,
    `Action: ${action}`,
    `Status: ${status}`,
    `Diagnostic-Code: smtp; ${diagnostic}`,
    '',
    '--b1',
    'Content-Type: text/rfc822-headers',
    '',
    given.returned ?? 'Subject: Hi',
    '',
    '--b1--',
    '',
  ]);
}

/** A complaint of a mailbox provider, with invented data. Source: RFC 5965. */
export function arf({
  type = 'abuse',
  fields = [],
  returned = 'Subject: Hi',
}: {
  type?: string;
  fields?: string[];
  returned?: string;
}): string {
  return lines([
    'From: <feedback@mailbox.example.test>',
    'To: <complaints@bounces.acme.test>',
    'Subject: FW: Hi',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b2"',
    '',
    '--b2',
    'Content-Type: text/plain',
    '',
    'This is an email abuse report.',
    '',
    '--b2',
    'Content-Type: message/feedback-report',
    '',
    `Feedback-Type: ${type}`,
    'User-Agent: SomeGenerator/1.0',
    'Version: 1',
    ...fields,
    '',
    '--b2',
    'Content-Type: message/rfc822',
    '',
    returned,
    '',
    'The mail itself.',
    '--b2--',
    '',
  ]);
}

function lines(all: readonly string[]): string {
  return all.join('\r\n');
}
